"""`kiosk bench play`: scenario files in, outcomes out. One bench serves all scenarios that can share it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kiosk.bench.hands.bench import Bench
from kiosk.bench.hands.client import BenchProcess
from kiosk.bench.ports import BenchError
from kiosk.bench.scenarios.format import Scenario, parse_scenario
from kiosk.bench.scenarios.play import Outcome, Player
from kiosk.bench.virtual.bench import VirtualBench

SUFFIXES = (".yaml", ".yml")


def read_scenarios(paths: Sequence[Path]) -> list[Scenario]:
    """Read files, and every scenario file of a folder, in the order of their names.

    Raises `ScenarioInvalid`; `BenchError` (`scenario-unreadable`, `no-scenarios`).
    """
    files: list[Path] = []
    for path in paths:
        files += sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES) if path.is_dir() else [path]
    if not files:
        raise BenchError("no-scenarios", "There is no scenario file there.", "Name a .yaml file or a folder of them.")
    found: list[Scenario] = []
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise BenchError("scenario-unreadable", f"{file}: {error.strerror}", "Check the path.") from error
        found.append(parse_scenario(content, str(file)))
    return found


def play_all(
    scenarios: Sequence[Scenario], *, stack: str, seed: int, pictures: bool, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Play each on its stack; `tell` hears each outcome as it comes.

    `sim`: one process on a virtual clock, a fresh terminal for each. `real`: the whole programs behind pcscd and a pty;
    scenarios of the same orientation and printer share one bench. A scenario that names a stack is always played there.
    Raises `BenchError` where a bench cannot start.
    """
    outcomes: list[Outcome] = []

    def keep(outcome: Outcome) -> None:
        outcomes.append(outcome)
        tell(outcome)

    real = [one for one in scenarios if (one.stack or stack) == "real"]
    for one in scenarios:
        if one not in real:
            with _virtual(one, seed) as bench:
                keep(Player(bench, "sim", pictures=pictures).play(one))
    for landscape, printer in sorted({(one.landscape, one.printer) for one in real}):
        with _real(landscape, printer) as bench:
            for one in real:
                if (one.landscape, one.printer) == (landscape, printer):
                    keep(Player(bench, "real", pictures=pictures).play(one))
    return outcomes


@contextmanager
def _real(landscape: bool, printer: str) -> Generator[Bench]:
    with tempfile.TemporaryDirectory(prefix="kiosk-play.") as folder:
        config = Path(folder) / "kiosk.toml"
        config.write_text(f'printer_model = "{printer}"\n' if printer else "", "utf-8")
        turned = ["--landscape"] if landscape else []
        process = BenchProcess(["--headless", "--stack", "real", "--config", str(config), *turned])
        try:
            yield process.client
        finally:
            process.end()


@contextmanager
def _virtual(scenario: Scenario, seed: int) -> Generator[Bench]:
    with tempfile.TemporaryDirectory(prefix="kiosk-play.") as folder:
        bench = VirtualBench(
            Path(folder),
            landscape=scenario.landscape,
            seed=seed,
            printer_model=scenario.printer or "generic-80",
        )
        try:
            yield bench
        finally:
            bench.close()
