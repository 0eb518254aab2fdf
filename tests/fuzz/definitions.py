"""What an operator writes, or a gateway publishes: services, settings, and the tables beside them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from drivers.api import Holder
from kiosk import failures
from kiosk import settings as kiosk_settings
from kiosk.bench.scenarios.format import ScenarioInvalid, parse_scenario
from kiosk.cli.services import read_table, shared_tables
from kiosk.failures import FailureTableInvalid
from kiosk.personas import PersonasInvalid, load_personas
from kiosk.services import forms
from kiosk.services.definition import Catalogue, DefinitionInvalid
from kiosk.services.forms import Form
from kiosk.services.parsing import parse_catalogue
from kiosk.settings import Settings, SettingsInvalid
from kiosk.terminal import parse_content
from provisioning.gateway.appointments.offices import OfficesInvalid, load_offices
from provisioning.gateway.cases.plans import PlansInvalid, load_plans
from provisioning.gateway.cases.workdays import CalendarInvalid, load_calendar
from provisioning.gateway.certificates.templates import CertificatesInvalid, load_templates
from provisioning.gateway.messages.texts import MessagesInvalid, load_texts
from tests.fuzz.kit import Family, Reader, scratch

HOLDER = Holder("测试人", "44019919900101002X", "female", 1, "1990-01-01", "440199")
ASSETS = resources.files("assets")


@cache
def shipped() -> tuple[list[Path], dict[str, dict[str, object]]]:
    files, shared = shared_tables()
    return [Path(file) for file in files], shared


def usable(made: Catalogue) -> None:
    """What was taken can be computed with, for somebody of whom nothing is known and for a holder."""
    for service in made.services.values():
        for holder in (None, HOLDER):
            form = Form(service, "2027-01-04", holder)
            forms.plan(form)
            forms.eligible(form)
            for item in service.fields:
                forms.options(form, item)
                forms.shown(form, item, "en")
            json.dumps(forms.document_fields(form))


def service(raw: bytes) -> None:
    """A definition in a file, checked as `kiosk services check` does."""
    file = scratch() / "service.toml"
    file.write_bytes(raw)
    usable(parse_catalogue("fuzz", [read_table(file)], copy.deepcopy(shipped()[1])))


def services() -> Iterable[bytes]:
    for file in shipped()[0]:
        yield file.read_bytes()


def catalogue(raw: bytes) -> None:
    """The catalogue that a gateway signed, JSON."""
    usable(parse_content(as_object(raw)))


def catalogues() -> Iterable[bytes]:
    files, shared = shipped()
    for file in files:
        text = file.read_text("utf-8")
        if len(text) < 6000:
            whole = {"version": "1", "services": [read_table(file)], **named_in(text, shared)}
            yield json.dumps(whole, ensure_ascii=False, default=str).encode()


def named_in(text: str, shared: dict[str, dict[str, object]]) -> dict[str, Any]:
    """What a service names of the shared tables: a fuzzer turns small documents faster."""
    found: dict[str, Any] = {}
    for name in ("subjects", "codes", "groups", "agencies"):
        found[name] = {key: value for key, value in shared[name].items() if key in text}
        text += str(found[name])
    return found


def as_object(raw: bytes) -> dict[str, object]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def settings_file(raw: bytes) -> None:
    file = scratch() / "settings.toml"
    file.write_bytes(raw)
    kiosk_settings.load(file)


def configuration(raw: bytes) -> None:
    """What the gateway publishes for this terminal: it is usable, or it is refused; the two agree."""
    content = as_object(raw)
    assert kiosk_settings.usable(content) == taken(content)


def taken(content: dict[str, object]) -> bool:
    try:
        kiosk_settings.managed(Settings(), content)
    except SettingsInvalid:
        return False
    return True


def scenario(raw: bytes) -> None:
    parse_scenario(raw, "fuzz.yaml")


def scenarios() -> Iterable[bytes]:
    for folder in ASSETS.joinpath("scenarios").iterdir():
        if folder.is_dir() and list(Path(str(folder)).glob("*.y*ml")):
            yield sorted(Path(str(folder)).glob("*.y*ml"))[0].read_bytes()


def offices(raw: bytes) -> None:
    file = scratch() / "offices.toml"
    file.write_bytes(raw)
    load_offices(file)


def of_text(read: Callable[[str], object]) -> Callable[[bytes], None]:
    """For readers that are handed text: a file that is no UTF-8 does not come so far."""

    def reading(raw: bytes) -> None:
        read(raw.decode("utf-8", "replace"))

    return reading


def table(*path: str, keep: int = 8192) -> Callable[[], Iterable[bytes]]:
    """A shipped table, of a long one its first entries."""
    whole = ASSETS.joinpath(*path).read_bytes()
    return lambda: [whole if len(whole) <= keep else whole[:keep].rpartition(b"\n\n[")[0]]


FAMILY = Family(
    Reader("service", service, (DefinitionInvalid,), services),
    Reader("catalogue", catalogue, (DefinitionInvalid,), catalogues),
    Reader("settings", settings_file, (SettingsInvalid,), lambda: [b'idle_timeout_s = 90\na4_queue = "ipp://h/p"\n']),
    Reader("configuration", configuration, (), lambda: [b'{"settings": {"idle_timeout_s": 90}, "version": 3}']),
    Reader("scenario", scenario, (ScenarioInvalid,), scenarios),
    Reader("failures", of_text(failures.parse), (FailureTableInvalid,), table("failure_codes.toml", keep=2048)),
    Reader("personas", load_personas, (PersonasInvalid,), table("city", "personas.toml")),
    Reader("offices", offices, (OfficesInvalid,), table("city", "offices.toml")),
    Reader("plans", of_text(load_plans), (PlansInvalid,), table("city", "cases.toml")),
    Reader("calendar", of_text(load_calendar), (CalendarInvalid,), table("city", "calendar.toml")),
    Reader("texts", of_text(load_texts), (MessagesInvalid,), table("city", "messages.toml", keep=16384)),
    Reader("templates", of_text(load_templates), (CertificatesInvalid,), table("city", "certificates.toml")),
)
