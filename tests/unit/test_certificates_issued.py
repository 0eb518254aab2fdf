"""A certificate as a paper of its case: issued with the agency's decision, given to its holder, checked by anybody."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from drivers.printers.a4.certificate_document import parse_certificate
from kiosk.terminal import shipped_catalogue
from offline_cache.errors import BadSignature
from provisioning.gateway.cases.simulated import Habits
from provisioning.gateway.certificates.templates import CertificatesInvalid, fill, load_templates
from provisioning.gateway.certificates.token import digest_of, read
from provisioning.gateway.offices.desks import Request
from provisioning.gateway.offices.proof import Proven
from provisioning.gateway.serve import City
from tests.gateway_cards import REAL, Counter, kit_of, say
from tests.gateway_kit import ASSETS, NEWCOMER, PARENT, GatewayKit

TEMPLATES = load_templates((ASSETS / "city" / "certificates.toml").read_text("utf-8"))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def city() -> City:
    return REAL


def decide(kit: GatewayKit, number: str, agency: str, outcome: str = "done") -> None:
    say(kit, agency, number, "extract", outcome, reason="requirements-not-met" if outcome == "refuse" else "")


def test_the_terminal_knows_of_each_service_that_a_certificate_comes_of_it() -> None:
    said = {name for name, one in shipped_catalogue().services.items() if "certificate" in one.print}
    assert said == set(TEMPLATES.of)


def document(case: dict[str, Any]) -> dict[str, Any]:
    return json.loads(case["certificate"])


def test_the_decision_issues_it_and_only_its_holder_gets_it(kit: GatewayKit) -> None:
    counter, other = Counter(kit), Counter(kit, NEWCOMER)
    number = counter.hand_in("household-proof", use="school", kind="kinship", member="2", copies="1", get="print")
    assert "certificate" not in counter.case(number), "nobody has decided yet"
    decide(kit, number, "psb")
    case = counter.case(number)
    made = document(case)
    said = {label["en"]: text for label, text in made["rows"]}
    assert (said["Name"], said["ID number"], said["Concerning"], said["Registered as"]) == (
        "陈晓娴", PARENT, "陈景朗", "儿子",
    )  # fmt: skip
    assert "In the household" not in said
    assert (case["get"], case["printed"], made["issuer"]) == ("print", "", "公安局")
    assert other.cases() == []
    catalogue = kit.gateway.releaser.catalogue.current().parsed
    assert "certificate" not in (kit.gateway.cases.records.one(number, catalogue, 0) or {}), "no agency, no telephone"


def test_what_the_terminal_prints_can_be_made_of_it(plain: GatewayKit) -> None:
    counter = Counter(plain)
    for service, agency, answers in (
        ("household-proof", "psb", {"kind": "household", "use": "work", "get": "print"}),
        ("social-insurance", "hrss", {"kind": "payments", "insurance": "all", "period": "24", "get": "office"}),
        ("marriage", "civil", {"purpose": "notary", "get": "post"}),
        ("deed-tax", "tax", {"pay": "qr"}),
    ):
        number = counter.hand_in(service, signed=True, **answers)
        decide(plain, number, agency)
        whole = {**document(counter.case(number)), "terminal": "T0001", "copy": False}
        page = parse_certificate(json.dumps(whole))
        assert page.title.zh == TEMPLATES.of[service].title["zh"]


@pytest.mark.parametrize("service", ["household-proof", "social-insurance", "marriage", "deed-tax"])
def test_the_agency_s_machine_issues_it_while_the_citizen_stands_there(tmp_path: Path, service: str) -> None:
    """What the terminal waits for: the verdict on its entry, some seconds after it was handed in."""
    kit = kit_of(tmp_path, City(ASSETS / "city", people=300, seed=7, agencies=Habits()))
    counter = Counter(kit)
    number = counter.hand_in(service, signed=True, get="print")
    kit.gateway.cases.work()
    assert kit.store.verdicts(counter.terminal.name, 0, 10) == ()
    kit.clock.ms += 2_000
    kit.gateway.cases.work()
    (heard,) = kit.store.verdicts(counter.terminal.name, 0, 10)
    assert heard.verdict.verdict == "accepted"
    assert document(counter.case(number))["number"] == number
    kit.store.close()


@pytest.mark.parametrize("end", ["refuse", "nothing"])
def test_without_a_yes_there_is_none(plain: GatewayKit, end: str) -> None:
    counter = Counter(plain)
    number = counter.hand_in("marriage", purpose="notary", get="print")
    if end == "refuse":
        decide(plain, number, "civil", end)
    assert "certificate" not in counter.case(number)


def licences(counter: Counter) -> list[dict[str, Any]]:
    answer = counter.card.lookup(counter.terminal, "my-licences", "lic.elicence")
    assert answer.status == 200, answer.body
    record = answer.json["subjects"]["lic.elicence"]["record"]
    return [] if record is None else record["licences"]


@pytest.mark.parametrize("service", ["household-proof", "social-insurance", "marriage"])
def test_a_certificate_wanted_as_an_e_licence_stands_among_its_holder_s_licences(
    plain: GatewayKit, service: str
) -> None:
    counter, other = Counter(plain), Counter(plain, NEWCOMER)
    before = licences(counter)
    printed = counter.hand_in(service, get="print")
    number = counter.hand_in(service, get="e-licence")
    agency = counter.case(number)["agency"]
    decide(plain, printed, agency)
    assert licences(counter) == before, "not before the agency's yes"
    decide(plain, number, agency)
    assert licences(counter)[:-1] == before
    made = licences(counter)[-1]
    assert (made["id"], made["type"], made["agency"], made["trust"]) == (number, f"proof-{service}", agency, "A")
    assert made["holder"] == "陈晓娴"
    assert number not in str(licences(other))
    head = shipped_catalogue().services["my-licences"].view("licences").head
    assert head is not None
    assert made["type"] in {one.value for one in head.codes}, "the terminal has words for it"


def test_an_issued_e_licence_can_be_shown_by_a_code(plain: GatewayKit) -> None:
    counter = Counter(plain)
    number = counter.hand_in("household-proof", get="e-licence")
    decide(plain, number, "psb")
    share = {"do": "share", "licence": number, "purpose": "rent", "valid": "5m"}
    now_ms = plain.clock.ms
    person = plain.authority.pseudonym(PARENT)
    made = plain.gateway.licences.settle(Request("k1", share, person, Proven(PARENT, "citizen"), "", now_ms, now_ms))
    assert made.reason == ""
    path = re.sub(r"^https?://[^/]*", "", made.result["share"])
    assert "户籍与居住证明" in plain.call("GET", path).body.decode()


def test_nobody_proved_to_be_there_and_nobody_gets_one(plain: GatewayKit) -> None:
    counter = Counter(plain)
    number = counter.hand_in("marriage", signed=False, purpose="notary")
    decide(plain, number, "civil")
    assert plain.store.database is not None
    with plain.store.database.reading() as db:
        assert db.row("SELECT number FROM case_certificate WHERE number = ?", number) is None


def test_what_lies_in_the_database_names_nobody(plain: GatewayKit) -> None:
    counter = Counter(plain)
    number = counter.hand_in("household-proof", kind="page", use="work", get="print")
    for _ in range(2):
        with plain.store.database.reading() as db:
            row = db.row("SELECT sealed FROM case_certificate WHERE number = ?", number)
        assert row is not None
        assert PARENT.encode() not in bytes(row[0])
        assert "陈晓娴".encode() not in bytes(row[0])
        decide(plain, number, "psb")


def test_whoever_scans_the_code_compares_it_with_the_paper(plain: GatewayKit) -> None:
    counter = Counter(plain)
    number = counter.hand_in("household-proof", kind="page", use="work", get="print")
    decide(plain, number, "psb")
    made = document(counter.case(number))
    path = re.sub(r"^https?://[^/]*", "", made["token"])
    page = plain.call("GET", path).body.decode()
    assert "证明是真的" in page
    assert made["check_code"] in page
    assert "陈*娴" in page
    assert "陈晓娴" not in page
    assert PARENT not in page
    assert "榕荫路" not in page
    token = unquote(path.partition("t=")[2])
    key = plain.authority.signing_key.public_key()
    assert read(token, key).digest == digest_of(made)
    made["rows"][0][1] = "somebody else"
    assert read(token, key).digest != digest_of(made)
    forged = token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB")
    assert "证明是真的" not in plain.call("GET", f"/c?t={forged}").body.decode()
    assert "不是证明的码" in plain.call("GET", "/c?t=KR1:ABC").body.decode()


def test_another_gateway_s_signature_is_no_signature(plain: GatewayKit, tmp_path: Path) -> None:
    other = kit_of(tmp_path / "other", REAL)
    counter = Counter(plain)
    number = counter.hand_in("marriage", purpose="notary", get="print")
    decide(plain, number, "civil")
    token = unquote(document(counter.case(number))["token"].partition("t=")[2])
    with pytest.raises(BadSignature):
        read(token, other.authority.signing_key.public_key())
    other.store.close()


def test_once_printed_the_next_one_is_a_copy(plain: GatewayKit) -> None:
    counter = Counter(plain)
    number = counter.hand_in("marriage", purpose="notary", get="print")
    decide(plain, number, "civil")
    counter.record({"kind": "printed", "schema": 1, "number": number, "service": "marriage", "state": "unknown"})
    assert counter.case(number)["printed"] == "yes"


def test_no_record_of_a_marriage_is_said_in_words() -> None:
    rows = fill(TEMPLATES.of["marriage"], {"which": "none"}, lambda _subject: None, {})
    assert [text for _, text in rows] == ["没有查到登记记录 (no record was found)"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("=", "certificates:"),
        ('city = {zh = "a"}', "city: words are zh and en"),
        ('city = {zh = "a", en = "a"}\n[certificate.a]\n', "a: a certificate has rows"),
        ('city = {zh = "a", en = "a"}\n[certificate.a]\nrow = [{key = "name"}]', "'name' is no path"),
        ('city = {zh = "a", en = "a"}\n[certificate.a]\nrow = [{key = "a.b", mask = "all"}]', "unknown mask"),
        ('city = {zh = "a", en = "a"}\n[certificate.a]\nrow = [{key = "a.b", colour = "red"}]', "colour"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(CertificatesInvalid, match=re.escape(reason)):
        load_templates(text)
