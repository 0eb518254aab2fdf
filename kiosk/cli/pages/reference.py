"""`kiosk docs`: writes `docs/reference/` from the code and its data, or says where the files have drifted.

One page a subject: the session, settings, failure codes, log events, the command, the JSON Schemas of the two
documents that scripts write, and the gateway's OpenAPI contract. A test runs the same check.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from enum import Enum, EnumType
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_origin

import typer

from kiosk import failures, log
from kiosk.cli.common import fail
from kiosk.settings import Settings, bounds

REFERENCE = Path("docs/reference")
NOTE = "<!-- Written by `make docs`. Do not edit: change what it is written from. -->\n\n"


def docs(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where a page has drifted.")] = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the pages.")] = REFERENCE,
) -> None:
    """Write the generated reference."""
    made = pages(context.find_root().command)
    stale = drifted(made, out)
    if check and stale:
        fail("reference-stale", f"drifted from the code: {', '.join(stale)}. Run `make docs`.")
    if not check:
        try:
            out.mkdir(parents=True, exist_ok=True)
            for name, text in made.items():
                (out / name).write_text(text, "utf-8")
        except OSError as error:
            fail("file-not-written", f"{error.filename} cannot be written: {error.strerror}")


def drifted(made: Mapping[str, str], folder: Path) -> list[str]:
    """Return the names of pages that differ from their file, have none, or have a file that nobody writes any more."""
    found = {path.name: path.read_text("utf-8") for path in folder.iterdir()} if folder.is_dir() else {}
    return sorted(name for name in made.keys() | found.keys() if made.get(name) != found.get(name))


def pages(command: object) -> dict[str, str]:
    """Return every page by file name. `command` is the root of the `kiosk` command, as Typer built it."""
    from drivers.printers.paper.receipt_document import receipt_schema
    from drivers.sim.cards.document import card_schema
    from kiosk.cli.pages.diagram import session_page
    from kiosk.cli.pages.service_schema import service_schema
    from provisioning.gateway.server import openapi_document

    written = {
        "session.md": session_page(),
        "settings.md": settings_page(),
        "failure-codes.md": failure_page(),
        "log-events.md": log_page(),
        "command.md": command_page(command),
    }
    schemas = {
        "card.schema.json": card_schema(),
        "openapi.json": openapi_document(),
        "receipt.schema.json": receipt_schema(),
        "service.schema.json": service_schema(),
    }
    return {name: NOTE + text for name, text in written.items()} | {
        name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()
    }


# --------------------------------------------------------------------------------------------------------- pages


def settings_page() -> str:
    """Return the settings with their units, defaults and bounds."""
    from drivers.printers.models import models

    lines = [
        "# Settings",
        "",
        "What a technician may set on a terminal, in `/etc/kiosk/settings.toml`; elsewhere in a file that `--config`",
        "names. One line a setting, as in `idle_timeout_s = 120`; a text stands between quotation marks. The last word",
        "of a name is its unit: `_s` are seconds. What is left out has its default.",
        "",
        "The terminal reads the file when it starts: after a change `systemctl restart kiosk`. A key that is not in",
        "this table, or a value outside its bounds, is refused (`settings-invalid`, and the key). `kiosk config` shows",
        "what is in force, and where each is from: what the gateway's signed configuration names stands over the",
        "file ([gateway](../gateway.md)). `kiosk config --config FILE` checks a file before it is put there.",
        "",
        "| setting | what it is | default | bounds |",
        "|---|---|---|---|",
    ]
    for item in dataclasses.fields(Settings):
        default = f"`{json.dumps(item.default)}`"
        lines += [f"| `{item.name}` | {item.metadata['doc']} | {default} | {bounds(item)} |"]
    known = ", ".join(f"`{name}`" for name in sorted(models()))
    lines += ["", f"`printer_model` is one of {known}; a further one: [printing](../printing.md)."]
    return "\n".join(lines) + "\n"


def failure_page() -> str:
    """Return the failure codes: what a citizen reads, what a technician does."""
    from kiosk.cli.running.next_steps import NEXT
    from kiosk.doctor.table import CHECKS
    from kiosk.session.paper import PRINT_FAILURES

    text = resources.files("assets").joinpath("failure_codes.toml").read_text("utf-8")
    lines = [
        "# Failure codes",
        "",
        "Look a code up here: its cause, what a technician does, the spare part to bring, and what the citizen reads.",
        "It stands at the foot of the screen, in the log, behind a command's message in brackets, and in `--json`.",
        "`att`: the citizen can go on, or put it right; `stop`: this visit cannot go on.",
        "",
        "At the end: [codes that only a command says](#codes-that-only-a-command-says), and",
        "[the names of `kiosk doctor`](#names-of-kiosk-doctor). A code that is nowhere here says the next step in its",
        "own message. `out-of-service` is no failure: a technician closed the terminal",
        "([technician](../technician.md)). All this is written in `assets/failure_codes.toml`.",
    ]
    for code, failure in sorted(failures.parse(text).items()):
        lines += ["", f"## `{code}`", "", f"Severity: {failure.severity}. {failure.cause}", ""]
        lines += [f"- **Technician:** {failure.technician}"]
        lines += [f"- **Spare part:** {failure.part}"] if failure.part else []
        for label, words in (("What happened", failure.title), ("What is safe", failure.safe), ("Next", failure.next)):
            lines.append(f"- {label}: " + " · ".join(words[language] for language in failures.LANGUAGES))
    lines += ["", "## Codes that only a command says", "", "| code | what to do |", "|---|---|"]
    also = {code: f"The printer's own word for `{meant}`, above." for code, meant in PRINT_FAILURES.items()}
    more = {code: step for code, step in {**NEXT, **also}.items() if code not in failures.parse(text)}
    lines += [f"| `{code}` | {_cell(step)} |" for code, step in sorted(more.items())]
    told = "Each is in order where this is so; else it says its cause and one next action. The maintenance screen"
    lines += [
        "",
        "## Names of `kiosk doctor`",
        "",
        told,
        "says the same names.",
        "",
        "| name | in order |",
        "|---|---|",
    ]
    lines += [f"| `{check.name}` | {_cell((check.run.__doc__ or '').splitlines()[0])} |" for check in CHECKS]
    return "\n".join(lines) + "\n"


def log_page() -> str:
    """Return the log events and the fields each may carry."""
    lines = [
        "# Log events",
        "",
        "What the terminal writes down, for who looks for a fault: `log/kiosk.jsonl` of the state folder, and",
        "`log/kiosk.1`, the one before (on a terminal in `/var/lib/kiosk`; on its screen: maintenance, *log*). A line",
        "is JSON: `time_ms`, `event`, `level` and the fields below: plain words and numbers, nothing of a citizen.",
        "A `code` is looked up in [failure codes](failure-codes.md). This page is made from `assets/log_events.toml`;",
        "what is not in there cannot be written.",
        "",
        "| event | level | what happened | fields |",
        "|---|---|---|---|",
    ]
    for event, entry in sorted(log.event_catalogue().items()):
        fields: Any = entry["fields"]
        named = ", ".join(f"`{name}`" for name in fields)
        lines.append(f"| `{event}` | {entry['level']} | {entry['what']} | {named} |")
    return "\n".join(lines) + "\n"


def command_page(command: object) -> str:
    """Return every command with its arguments and options."""
    lines = [
        "# The `kiosk` command",
        "",
        "On a terminal `sudo kiosk …` (it works as the terminal's own user, on its own folders); in a checkout",
        "`.venv/bin/kiosk …`. Exit codes: 0 done; 1 failed: reason, [code](failure-codes.md) and next step on stderr;",
        "2 usage. With `--json` a script reads what happened, or `error` and the code, on stdout.",
        "",
        "Where nothing else is given, state and settings are `/var/lib/kiosk` and `/etc/kiosk/settings.toml` on a",
        "terminal, elsewhere `~/.local/state/kiosk` and every default. `KIOSK_STATE`, `KIOSK_CONFIG` name others.",
    ]
    for path, one in _commands(command, ("kiosk",)):
        lines += ["", f"## `{' '.join(path)}`", "", str(one.help or "").strip().replace("\b", "")]
        shown = [item for item in one.params if not getattr(item, "hidden", False)]
        if shown:
            lines += ["", "| option or argument | what it is | default |", "|---|---|---|"]
            lines += [_parameter(item) for item in shown]
    return "\n".join(lines) + "\n"


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    names: list[str] = command.list_commands(None) if hasattr(command, "list_commands") else []
    children: Mapping[str, Any] = {name: command.get_command(None, name) for name in names}
    if not children or getattr(command, "invoke_without_command", False):
        yield path, command
    for name, child in sorted(children.items()):
        if not child.hidden:
            yield from _commands(child, (*path, name))


def _parameter(item: Any) -> str:
    flag = getattr(item, "is_flag", False)
    if item.param_type_name == "argument":
        name = item.metavar or item.name.upper()
    else:
        name = " / ".join([*item.opts, *item.secondary_opts]) + ("" if flag else f" {item.metavar or _value_of(item)}")
    what = f"{item.help or ''}{' (required)' if item.required else ''}"
    bare = flag or item.default in (None, "", ()) or callable(item.default)
    default = "" if bare else f"`{getattr(item.default, 'value', item.default)}`"
    return f"| `{_cell(name)}` | {_cell(what)} | {_cell(default)} |"


def _value_of(item: Any) -> str:
    """Return what stands for the value of an option that names none: its choices, N, or TEXT."""
    kind: Any = item.type_descriptor.annotation
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    if isinstance(kind, EnumType):
        choices = tuple(str(member.value) for member in cast(type[Enum], kind))
    return "|".join(choices) if choices else "N" if kind in {int, float} else "TEXT"


def _cell(text: str) -> str:
    return text.strip().replace("\n", " ").replace("|", "\\|")
