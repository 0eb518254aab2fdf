"""`kiosk bench` with `play`, `explore` and `fleet`, and `kiosk demo`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kiosk.cli.common import ConfigOption, JsonOption, emit, fail

LOG_LINES = 6
"""So many last lines of the log stand under a scenario that failed; the report has them all."""


class Stack(StrEnum):
    """Which seam the simulated devices stand at."""

    SIM = "sim"
    REAL = "real"


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


StackOption = Annotated[
    Stack, typer.Option(help="sim: devices in this process; real: behind pcscd and a serial line (pty).")
]
LandscapeOption = Annotated[bool, typer.Option("--landscape", help="1920 by 1080 instead of 1080 by 1920.")]


app = typer.Typer(
    invoke_without_command=True,
    help="Terminal, simulated devices, reference gateway and panel: one command, nothing to configure.",
)


@app.callback()
def bench(  # noqa: PLR0913, PLR0917 - one option each
    ctx: typer.Context,
    headless: Annotated[bool, typer.Option("--headless", help="No window, even where there is a display.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the panel; 0 or absent: a free one.")] = 0,
    stack: StackOption = Stack.SIM,
    gateway: Annotated[
        str | None, typer.Option(metavar="URL", help="A gateway that runs already; then no own one is started.")
    ] = None,
    landscape: LandscapeOption = False,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="Keep everything here (default: a temporary folder).")
    ] = None,
    config: ConfigOption = None,
    office: Annotated[
        str | None, typer.Option(metavar="ID", help="Where the terminal stands (assets/city/offices.toml); or none.")
    ] = None,
    unenrolled: Annotated[
        bool, typer.Option("--unenrolled", help="A terminal fresh from its package: its screen brings it into service.")
    ] = False,
) -> None:
    """Terminal, simulated devices, reference gateway and panel: one command, nothing to configure."""
    if ctx.invoked_subcommand is not None:
        return
    from kiosk.bench.options import BenchOptions
    from kiosk.bench.ports import BenchError
    from kiosk.bench.world import run_bench

    options = BenchOptions(
        headless=headless,
        port=port,
        stack=stack.value,
        gateway=gateway,
        landscape=landscape,
        state=state,
        config=config,
        office=office,
        unenrolled=unenrolled,
    )
    try:
        code = run_bench(options)
    except BenchError as error:
        fail(error.code, _told(error.message, error.next_step))
    raise typer.Exit(code)


@app.command()
def play(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Scenario files, or folders of them.")],
    stack: Annotated[
        Stack, typer.Option(help="sim: one process on a virtual clock; real: whole programs behind pcscd and a pty.")
    ] = Stack.SIM,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn by lot.")] = 1,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML here.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one HTML page with every screen.")] = None,
) -> None:
    """Play scenarios; exit code 1 where one of them was not as it must be."""
    from kiosk.bench.ports import BenchError
    from kiosk.bench.scenarios.format import ScenarioInvalid
    from kiosk.bench.scenarios.outcome import Outcome
    from kiosk.bench.scenarios.report import write_junit, write_page
    from kiosk.bench.scenarios.run import play_all, read_scenarios
    from kiosk.bench.virtual.painter import Painter

    def tell(outcome: Outcome) -> None:
        typer.echo(f"{'passed' if outcome.passed else 'FAILED'}  {outcome.scenario.name}  ({outcome.seconds:.1f} s)")
        if not outcome.passed:
            typer.echo(f"        {outcome.scenario.file}:{outcome.failed_line} {outcome.failed}", err=True)
            for line in outcome.log[-LOG_LINES:]:
                typer.echo(f"          log: {line}", err=True)

    try:
        scenarios = read_scenarios(files)
        with Painter() as draw:
            outcomes = play_all(
                scenarios, stack=stack.value, seed=seed, pictures=report is not None, tell=tell, draw=draw
            )
        for target in (junit, report):
            if target is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
        if junit is not None:
            write_junit(outcomes, junit)
        if report is not None:
            write_page(outcomes, report, seed=seed)
    except ScenarioInvalid as error:
        fail(error.code, f"{error}. Every step is in docs/testing.md.")
    except BenchError as error:
        fail(error.code, _told(error.message, error.next_step))
    except OSError as error:
        fail("report-unwritable", f"The report cannot be written: {error.strerror}. Choose another place.")
    failed = sum(not one.passed for one in outcomes)
    typer.echo(f"{len(outcomes) - failed} of {len(outcomes)} scenarios passed (seed {seed})")
    raise typer.Exit(1 if failed else 0)


@app.command()
def explore(
    visits: Annotated[int, typer.Option(min=1, help="How many visits.")] = 200,
    seed: Annotated[int | None, typer.Option(help="Of the first day; left out, one is drawn and told.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where a scenario that breaks a promise goes.")
    ] = None,
) -> None:
    """Random visits on a virtual clock; exit code 1 with a short scenario where one broke a promise."""
    import secrets

    from kiosk.bench.explorer.explore import Explorer
    from kiosk.bench.scenarios.format import write_scenario

    first = secrets.randbelow(2**31) if seed is None else seed
    typer.echo(f"seed {first}")
    with Explorer() as explorer:
        found = explorer.explore(first, visits, tell=lambda done: typer.echo(f"{done} visits", err=True))
    if found is None:
        typer.echo(f"{visits} visits broke no promise")
        return
    scenario = write_scenario(found.scenario())
    if out is not None:
        _keep(out, scenario)
    typer.echo(scenario)
    fail("promise-broken", f"{found.promise}. Replay it: kiosk bench explore --seed {found.seed} --visits {visits}")


@app.command()
def fleet(
    terminals: Annotated[int, typer.Option(min=2, max=5000, help="How many terminals.")] = 20,
    visits: Annotated[int, typer.Option(min=1, help="Visits a terminal in each part of the day.")] = 2,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the backlog over time, SVG.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Many terminals, one gateway, one bad day; exit code 1 where something was lost, doubled or wrongly refused."""
    from dataclasses import asdict

    from kiosk.bench.fleet.plot import backlog
    from kiosk.bench.fleet.run import run_fleet
    from kiosk.bench.ports import BenchError

    try:
        figures = run_fleet(terminals, visits, lambda line: typer.echo(line, err=True))
    except BenchError as error:
        fail(error.code, _told(error.message, error.next_step), as_json=as_json)
    if plot is not None:
        _keep(plot, backlog(figures.backlog, terminals))
    told = {key: value for key, value in asdict(figures).items() if as_json or key not in {"backlog", "phases"}}
    emit(told, as_json=as_json)
    if not figures.whole:
        fail("fleet-not-whole", "Not every entry is where it must be: see lost, doubled, refused, refreshed.")


def _keep(file: Path, text: str) -> None:
    """Write it, folder and all. Ends the command where the disk does not let it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        fail("report-unwritable", f"{file} cannot be written: {error.strerror}. Choose another place.")


def demo(
    stack: StackOption = Stack.SIM,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where pictures and papers go.")] = Path("out"),
    landscape: LandscapeOption = False,
    language: Annotated[Language, typer.Option(help="The language the citizen chooses.")] = Language.ZH,
) -> None:
    """Play one visit with the network up and one with the network cut, and check what came of it."""
    from kiosk.bench.demo import ExpectationFailed, run_demo
    from kiosk.bench.ports import BenchError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail("report-unwritable", f"{out} cannot be made: {error.strerror}. Choose another place.")
    try:
        run_demo(out, stack=stack.value, landscape=landscape, language=language.value, say=typer.echo)
    except ExpectationFailed as error:
        fail(error.code, f"not true: {error}")
    except BenchError as error:
        fail(error.code, _told(error.message, error.next_step))


def _told(message: str, next_step: str) -> str:
    """What happened and what to do, as two sentences."""
    return f"{message.rstrip('.')}. {next_step}".rstrip()
