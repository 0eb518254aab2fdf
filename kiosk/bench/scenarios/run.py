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
from kiosk.bench.scenarios.outcome import Outcome
from kiosk.bench.scenarios.play import Player
from kiosk.bench.virtual.bench import VirtualBench
from kiosk.bench.virtual.painter import Draw

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
            raise BenchError("scenario-unreadable", f"{file}: {error.strerror}.", "Check the path.") from error
        found.append(parse_scenario(content, str(file)))
    return found


def play_all(
    scenarios: Sequence[Scenario],
    *,
    stack: str,
    seed: int,
    pictures: bool,
    tell: Callable[[Outcome], None],
    draw: Draw | None = None,
) -> list[Outcome]:
    """Play each on its stack; `tell` hears each outcome as it comes.

    With `pictures`, what the screen showed after each step is kept; those of the virtual clock are made by `draw`.

    `sim`: one process on a virtual clock, a fresh terminal for each. `real`: the whole programs behind pcscd and a pty;
    scenarios that want the same bench share one, except those that want one alone. A scenario that names a stack is
    always played there.
    Raises `BenchError` where a bench cannot start.
    """
    outcomes: list[Outcome] = []

    def keep(outcome: Outcome) -> None:
        outcomes.append(outcome)
        tell(outcome)

    real = [one for one in scenarios if (one.stack or stack) == "real"]
    for one in scenarios:
        if one not in real:
            with _virtual(one, seed, draw if pictures else None) as bench:
                keep(Player(bench, "sim", pictures=pictures).play(one))
    for shared in _sharing(real):
        with _real(shared[0]) as bench:
            for one in shared:
                keep(Player(bench, "real", pictures=pictures).play(one))
    return outcomes


def _sharing(scenarios: Sequence[Scenario]) -> list[list[Scenario]]:
    """Those that can share a bench, together."""
    groups: dict[tuple[object, ...], list[Scenario]] = {}
    for n, one in enumerate(scenarios):
        groups.setdefault((one.landscape, one.printer, one.office, n if one.alone or one.fresh else None), []).append(
            one
        )
    return list(groups.values())


@contextmanager
def _real(scenario: Scenario) -> Generator[Bench]:
    """Whole programs, such as this scenario wants them."""
    with tempfile.TemporaryDirectory(prefix="kiosk-play.") as folder:
        config = Path(folder) / "kiosk.toml"
        config.write_text(f'printer_model = "{scenario.printer}"\n' if scenario.printer else "", "utf-8")
        turned = ["--landscape"] if scenario.landscape else []
        stands = ["--office", scenario.office.removeprefix("none")] if scenario.office else []
        fresh = ["--unenrolled"] if scenario.fresh else []
        process = BenchProcess(["--headless", "--stack", "real", "--config", str(config), *turned, *stands, *fresh])
        try:
            yield process.client
        finally:
            process.end()


@contextmanager
def _virtual(scenario: Scenario, seed: int, draw: Draw | None) -> Generator[Bench]:
    with tempfile.TemporaryDirectory(prefix="kiosk-play.") as folder:
        bench = VirtualBench(
            Path(folder),
            landscape=scenario.landscape,
            seed=seed,
            printer_model=scenario.printer or "generic-80",
            draw=draw,
        )
        try:
            yield bench
        finally:
            bench.close()
