"""Files that nobody would write, found by the fuzzer: whoever reads them says so, and nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk import failures
from kiosk.cli.services import read_table
from kiosk.failures import FailureTableInvalid
from kiosk.personas import PersonasInvalid, load_personas
from kiosk.services.definition import DefinitionInvalid
from kiosk.services.parsing import parse_definition
from kiosk.terminal import parse_content
from kiosk.workers.app.online import subject_data
from offline_cache.errors import BadReply, MalformedMessage
from offline_cache.joining import site
from provisioning.gateway.appointments.offices import OfficesInvalid, load_offices
from provisioning.gateway.cases.plans import PlansInvalid, load_plans
from provisioning.gateway.cases.workdays import CalendarInvalid, load_calendar
from provisioning.gateway.certificates.templates import CertificatesInvalid, load_templates
from provisioning.gateway.messages.texts import MessagesInvalid, load_texts
from tests.unit.visit_kit import EVERY_TYPE, shared_and_definitions, tomllib_copy

ABSURD = {"a number of 5,000 digits": f"x = {'9' * 5000}", "2,000 brackets": f"x = {'[' * 2000}{']' * 2000}"}
FROM_TEXT: list[tuple[Callable[[str], object], type[Exception]]] = [
    (failures.parse, FailureTableInvalid),
    (load_personas, PersonasInvalid),
    (load_plans, PlansInvalid),
    (load_calendar, CalendarInvalid),
    (load_templates, CertificatesInvalid),
    (load_texts, MessagesInvalid),
]
FROM_FILE: list[tuple[Callable[[Path], object], type[Exception]]] = [
    (read_table, DefinitionInvalid),
    (site.load, MalformedMessage),
    (load_offices, OfficesInvalid),
]


@pytest.mark.parametrize("text", ABSURD.values(), ids=ABSURD)
@pytest.mark.parametrize(("read", "refusal"), FROM_TEXT)
def test_absurd_toml_is_refused(text: str, read: Callable[[str], object], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read(text)


@pytest.mark.parametrize("text", ABSURD.values(), ids=ABSURD)
@pytest.mark.parametrize(("read", "refusal"), FROM_FILE)
def test_a_file_of_absurd_toml_is_refused(
    tmp_path: Path, text: str, read: Callable[[Path], object], refusal: type[Exception]
) -> None:
    file = tmp_path / "absurd.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(refusal):
        read(file)


@pytest.mark.parametrize(
    "offices", ["office = 1", "office = [1]", "[[office]]\nid = 1\nschedule = 2", "[[office]]\nid = {}"]
)
def test_offices_that_are_none_are_refused(tmp_path: Path, offices: str) -> None:
    file = tmp_path / "offices.toml"
    file.write_text(offices, "utf-8")
    with pytest.raises(OfficesInvalid):
        load_offices(file)


@pytest.mark.parametrize("default", [["yes"], {"yes": 1}, 0, False])
def test_a_default_that_is_no_text_is_refused_by_name(default: object) -> None:
    shared, _ = shared_and_definitions()
    service = tomllib_copy(EVERY_TYPE)
    chosen = next(field for field in service["field"] if field["type"] == "yes-no")
    chosen["default"] = default
    with pytest.raises(DefinitionInvalid, match="default"):
        parse_definition(service, shared)


def test_an_office_with_endless_counters_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "offices.toml"
    matter = 'id = "m"\ncounters = inf\nmean_s = 1\nevery_min = 1\ncapacity = 1\nletter = "A"'
    file.write_text(f'[[office]]\nid = "o"\nschedule = []\n[[office.matter]]\n{matter}', "utf-8")
    with pytest.raises(OfficesInvalid, match="OverflowError"):
        load_offices(file)


@pytest.mark.parametrize("services", [5, "abc", None, {"a": 1}])
def test_a_catalogue_whose_services_are_no_list_is_refused_by_name(services: object) -> None:
    with pytest.raises(DefinitionInvalid, match="services"):
        parse_content({"version": "1", "services": services})


@pytest.mark.parametrize("released", [5, "abc", None, ["record"]])
def test_a_subject_that_is_no_object_is_a_bad_reply(released: object) -> None:
    with pytest.raises(BadReply):
        subject_data("pop.person", released)


def test_a_record_that_is_none_is_nothing_held() -> None:
    assert subject_data("pop.person", {"agency": "a", "updated": "2027-01-04", "record": [1]}).record is None
