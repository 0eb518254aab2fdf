"""Playing a scenario on this very bench: `POST /api/play`."""

from __future__ import annotations

import threading

from fastapi import FastAPI, Request

from kiosk.bench.actions import BenchActions
from kiosk.bench.bodies import OutcomeBody, PlayBody
from kiosk.bench.hands.client import BenchClient
from kiosk.bench.ports import BenchError
from kiosk.bench.scenarios.format import Scenario, ScenarioInvalid, parse_scenario
from kiosk.bench.scenarios.outcome import Outcome
from kiosk.bench.scenarios.play import Player

FILE = "scenario"
"""What a scenario that came over HTTP is called in its errors."""


def add_play(app: FastAPI, actions: BenchActions) -> None:
    """One scenario at a time."""
    playing = threading.Lock()

    @app.post("/api/play", response_model=OutcomeBody)
    def play(body: PlayBody, request: Request) -> dict[str, object]:
        """Play a scenario here and now, from a reset to a reset, and answer what came of it.

        It goes through this same interface, so what it does can be watched. A scenario that cannot be played is
        refused before anything is touched.
        """
        scenario = _scenario(body.scenario)
        actions.check(scenario)
        if not playing.acquire(blocking=False):
            raise BenchError("play-running", "A scenario is playing.", "Wait for its end, then play yours.", 409)
        try:
            return _told(Player(BenchClient(str(request.base_url).rstrip("/")), "bench").play(scenario))
        finally:
            playing.release()


def _scenario(text: str) -> Scenario:
    try:
        return parse_scenario(text, FILE)
    except ScenarioInvalid as error:
        raise BenchError(error.code, str(error), "docs/testing.md has every step.", 422) from error


def _told(outcome: Outcome) -> dict[str, object]:
    return {
        "scenario": outcome.scenario.name,
        "passed": outcome.passed,
        "failed": outcome.failed,
        "line": outcome.failed_line,
        "seconds": round(outcome.seconds, 3),
        "steps": [
            {"step": one.step.told(), "screen": one.screen, "seconds": round(one.seconds, 3)} for one in outcome.steps
        ],
    }
