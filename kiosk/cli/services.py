"""`kiosk services`: check definitions, list what the terminal offers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, cast

import typer

from kiosk.cli.common import ConfigOption, JsonOption, StateOption, emit, fail, state_dir
from kiosk.services.definition import Catalogue, DefinitionInvalid, ServiceDefinition
from kiosk.services.parsing import parse_catalogue

app = typer.Typer(no_args_is_help=True, help="Service definitions: data, not code.")


def shared_tables() -> tuple[list[Path], dict[str, dict[str, object]]]:
    """Return the shipped definition files, and the shared tables beside them."""
    from kiosk.terminal import CITY_FILES, SHARED_TABLES

    assets = Path(str(resources.files("assets")))
    shared: dict[str, dict[str, object]] = {name: {} for name in SHARED_TABLES}
    definitions: list[Path] = []
    for file in [*sorted((assets / "services").glob("*.toml")), *(assets / "city" / name for name in CITY_FILES)]:
        raw = read_table(file)
        if "id" in raw:
            definitions.append(file)
            continue
        for name, table in raw.items():
            if isinstance(table, dict):
                shared[name].update(table)
    return definitions, shared


def read_table(file: Path) -> Mapping[str, object]:
    """Read one TOML file. Raises `DefinitionInvalid` where it is none."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise DefinitionInvalid(file.name, "", f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DefinitionInvalid(file.name, "", str(error)) from error


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Definitions; without any, the shipped ones.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check definitions; what is wrong is named by file, field and reason.

    A file without an id holds shared tables (codes, groups), for the definitions that are named with it.
    """
    shipped, shared = shared_tables()
    wrong: list[dict[str, str]] = []
    checked = 0
    tables = _read_all(files or shipped, shared, wrong)
    for file, raw in tables:
        try:
            parsed = parse_catalogue("check", [raw], shared)
            _check_purposes(parsed, shared["subjects"])
            checked += 1
        except DefinitionInvalid as error:
            wrong.append({"file": str(file), "field": error.field, "reason": error.reason})
    if wrong:
        lines = "\n".join(f"{item['file']}: {item['field'] or 'file'}: {item['reason']}" for item in wrong)
        fail(DefinitionInvalid.code, lines, as_json=as_json, problems=wrong)
    emit({"checked": checked}, as_json=as_json)


def _read_all(
    files: list[Path], shared: dict[str, dict[str, object]], wrong: list[dict[str, str]]
) -> list[tuple[Path, Mapping[str, object]]]:
    """The definitions among the files; shared tables are put over those that are there."""
    found: list[tuple[Path, Mapping[str, object]]] = []
    for file in files:
        try:
            raw = read_table(file)
        except DefinitionInvalid as error:
            wrong.append({"file": str(file), "field": error.field, "reason": error.reason})
            continue
        if raw and set(raw) <= set(shared):
            for name, table in raw.items():
                shared[name].update(cast("dict[str, object]", table) if isinstance(table, dict) else {})
        else:
            found.append((file, raw))
    return found


def _check_purposes(parsed: Catalogue, subjects: Mapping[str, object]) -> None:
    """Raises `DefinitionInvalid` where a service asks for what the catalogue does not let it ask for."""
    for service in parsed.services.values():
        for subject in service.subjects:
            listed = cast("Mapping[str, object]", subjects[subject]).get("services")
            if not isinstance(listed, list) or not {"all", service.id} & {*cast("list[object]", listed)}:
                where = f'subjects."{subject}" in assets/city/catalogue.toml'
                reason = f"{service.id} may not ask for it; name {service.id} in `services` of {where}"
                raise DefinitionInvalid(service.id, subject, reason)


@app.command("list")
def list_services(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List what this terminal offers: the gateway's catalogue where it has one, else what came with the program."""
    _ = config
    catalogue = _catalogue(state)
    if as_json:
        emit({"services": [_public(service) for service in catalogue.services.values()]}, as_json=True)
        return
    for service in catalogue.services.values():
        typer.echo(f"{service.id:24} {service.event:10} {service.offline:8} {service.name['zh-Hans']}")


def _catalogue(state: Path | None) -> Catalogue:
    from kiosk.terminal import parse_content, shipped_catalogue
    from offline_cache import catalogue as cache
    from offline_cache import enrolment

    folder = state_dir(state)
    if enrolment.is_enrolled(folder):
        stored = cache.load(folder, enrolment.load(folder).signing_key)
        if stored is not None:
            return parse_content(stored.content)
    return shipped_catalogue()


def _public(service: ServiceDefinition) -> dict[str, object]:
    return {
        "id": service.id,
        "event": service.event,
        "agency": service.agency,
        "names": dict(service.name),
        "offline": service.offline,
        "fields": [
            {"id": item.id, "type": item.type, "label": dict(item.label), "from": item.source, "edit": item.edit}
            for item in service.fields
        ],
    }
