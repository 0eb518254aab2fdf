"""Signing in with the city's app, at the gateway: one telephone, one terminal, one visit, and what it may do."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from kiosk.workers.desks import canonical
from offline_cache.messages import json_dumps, verify1
from offline_cache.wire.sign_in import (
    ASK,
    END,
    LOOK,
    LOOKUPS,
    SIGN_INS,
    AppLookup,
    Begun,
    Seen,
    begun,
    encode_app_lookup,
    encode_ask,
    encode_key,
    read_approval,
    seen,
)
from provisioning.gateway.identity.sign_ins import SignInDesk
from provisioning.gateway.offices.proof import proven
from tests.gateway_cards import REAL, Counter, kit_of
from tests.gateway_kit import PARENT, Answer, GatewayKit, Terminal

NAME = "陈晓娴"
URL = "https://gateway.example"


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayKit]:
    """One gateway for all: every test has a terminal of its own."""
    kit = kit_of(tmp_path_factory.mktemp("city"), REAL)
    yield kit
    kit.store.close()


class Visit:
    """A visit at a terminal, and the telephone beside it."""

    def __init__(self, kit: GatewayKit, terminal: Terminal | None = None) -> None:
        self.kit = kit
        self.terminal = terminal or kit.enrol()
        answer = self.terminal.post(SIGN_INS, b"{}")
        assert answer.status == 200, answer.body
        self.begun: Begun = begun(answer.json, URL)
        self.page = ""

    @property
    def token(self) -> str:
        return self.begun.url.partition("#")[2]

    @property
    def key(self) -> str:
        found = re.search(r'name="k" value="([^"]+)"', self.page)
        assert found, self.page
        return found[1]

    def tap(self, **sent: str) -> str:
        answer = self.kit.call("POST", "/app", urlencode(sent).encode())
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        self.page = html.unescape(answer.body.decode())
        return self.page

    def scan(self, who: str = "parent") -> str:
        return self.tap(t=self.token, who=who)

    def agree(self, code: str = "") -> str:
        return self.tap(k=self.key, do="yes", code=code or self.begun.code)

    def signed_in(self) -> Visit:
        self.scan()
        assert "已登录" in self.agree()
        return self

    def look(self, terminal: Terminal | None = None) -> Seen:
        answer = (terminal or self.terminal).post(LOOK, encode_key(self.begun.key))
        assert answer.status == 200, answer.body
        return seen(answer.json)

    def lookup(self, service: str, *subjects: str) -> Answer:
        asked = AppLookup(self.begun.key, service, tuple(sorted(subjects)), "s-1")
        return self.terminal.post(LOOKUPS, encode_app_lookup(asked))

    def draft(self, service: str = "employment", **changed: Any) -> dict[str, Any]:
        definition = self.kit.gateway.releaser.catalogue.current().parsed.services[service]
        return {
            "kind": "application", "schema": 1, "service": service, "service_version": definition.version,
            "agency": definition.agency, "terminal": self.terminal.name, "time": "2026-11-21T12:00",
            "language": "zh-Hans", "sign_in": "app", "holder": {"name": NAME, "id_number": PARENT},
            "fields": {"rid": {"value": PARENT, "origin": "app"}, "what": {"value": "unemployed", "origin": "answer"}},
            "data": "app", **changed,
        }  # fmt: skip

    def ask(self, document: dict[str, Any], body: bytes | None = None) -> Answer:
        return self.terminal.post(ASK, encode_ask(self.begun.key, canonical(document) if body is None else body))

    def decide(self, what: str = "approve") -> str:
        self.tap(k=self.key)
        found = re.search(r'name="shown" value="([0-9a-f]+)"', self.page)
        assert found, self.page
        return self.tap(k=self.key, do=what, shown=found[1])


@pytest.fixture
def visit(kit: GatewayKit) -> Visit:
    return Visit(kit)


def test_a_citizen_scans_types_the_digits_and_the_terminal_hears_who_it_is(visit: Visit) -> None:
    assert visit.look() == Seen("waiting")
    page = visit.scan()
    assert visit.terminal.name in page
    assert "试验室" in page
    assert PARENT not in page
    assert NAME not in page
    assert visit.begun.code not in page, "it is typed from the terminal's screen"
    assert visit.look() == Seen("opened")
    assert "已登录" in visit.agree()
    assert f"{visit.begun.code[:2]} {visit.begun.code[2:]}" in visit.page, "as on the terminal's screen"
    found = visit.look()
    assert found.state == "approved"
    assert found.holder == {"name": NAME, "id_number": PARENT, "sex": "female", "birth_date": "1990-03-07"}


def test_the_second_scan_finds_the_code_used(visit: Visit) -> None:
    visit.scan()
    first = visit.key
    assert "这个码用过了" in visit.scan("owner")
    visit.page = f'name="k" value="{first}"'
    assert "已登录" in visit.agree()
    assert "这个码用过了" in visit.scan("owner")


def test_a_code_that_nobody_scans_expires_and_so_does_one_that_nobody_answers(kit: GatewayKit) -> None:
    unscanned, unanswered = Visit(kit), Visit(kit)
    unanswered.scan()
    kit.clock.pass_s(121)
    assert "这个码过时了" in unscanned.scan()
    assert "这个码过时了" in unanswered.agree()
    assert (unscanned.look().state, unanswered.look().state) == ("expired", "expired")


def test_a_far_away_screen_s_digits_do_not_sign_anybody_in(visit: Visit) -> None:
    """A code of another terminal was stuck over this one's: its holder types what stands before her."""
    visit.scan()
    wrong = f"{(int(visit.begun.code) + 1) % 10_000:04d}"
    assert "还可以试 2 次" in visit.agree(wrong)
    assert "还可以试 1 次" in visit.agree(wrong)
    assert "没有登录" in visit.agree(wrong)
    assert visit.look() == Seen("refused")


def test_a_refusal_is_the_end_of_the_code(visit: Visit) -> None:
    visit.scan()
    assert "没有登录" in visit.tap(k=visit.key, do="no")
    assert visit.look() == Seen("refused")
    assert visit.lookup("employment", "pop.person").code == "sign-in-over"


def test_another_terminal_can_do_nothing_with_it(kit: GatewayKit, visit: Visit) -> None:
    visit.signed_in()
    other = kit.enrol()
    for path, body in (
        (LOOK, encode_key(visit.begun.key)),
        (LOOKUPS, encode_app_lookup(AppLookup(visit.begun.key, "employment", ("pop.person",), "s"))),
        (ASK, encode_ask(visit.begun.key, canonical(visit.draft()))),
    ):
        assert other.post(path, body).code == "sign-in-over"
    assert other.post(END, encode_key(visit.begun.key)).json == {"ended": False}
    assert visit.look().state == "approved"
    assert kit.call("POST", LOOK, encode_key(visit.begun.key)).code == "unknown-terminal"


def test_a_new_code_at_a_terminal_ends_the_one_before(kit: GatewayKit, visit: Visit) -> None:
    visit.signed_in()
    elsewhere = Visit(kit).signed_in()
    Visit(kit, visit.terminal)
    assert visit.look() == Seen("ended")
    assert elsewhere.look().state == "approved"


def test_only_what_the_app_is_enough_for_is_released(visit: Visit) -> None:
    visit.signed_in()
    found = visit.lookup("employment", "pop.person", "si.employment").json["subjects"]
    assert found["pop.person"]["record"]["name"] == NAME
    assert visit.lookup("marriage", "marriage.record").code == "app-not-enough"
    assert visit.lookup("employment", "marriage.record").code == "subject-refused"
    assert visit.lookup("nothing", "pop.person").code == "service-unknown"
    assert visit.terminal.post(LOOKUPS, b"{}").code == "malformed"


def test_a_sensitive_subject_of_an_allowed_service_is_still_refused(visit: Visit) -> None:
    visit.signed_in()
    source = visit.kit.gateway.releaser.catalogue
    current = source.current()
    before = current.purposes["marriage.record"]
    current.purposes["marriage.record"] = frozenset(["employment"])  # type: ignore[index]
    assert visit.lookup("employment", "marriage.record").code == "app-not-enough"
    current.purposes["marriage.record"] = before  # type: ignore[index]


def test_certificates_and_collection_codes_of_cases_need_the_card(kit: GatewayKit) -> None:
    counter = Counter(kit)
    number = counter.hand_in("social-insurance", kind="coverage", get="print")
    assert "claim" in counter.case(number)
    visit = Visit(kit, counter.terminal).signed_in()
    cases = visit.lookup("my-cases", "case.case").json["subjects"]["case.case"]["record"]["cases"]
    case = next(one for one in cases if one["number"] == number)
    assert not {"claim", "certificate"} & set(case)


def test_the_citizen_finds_sign_in_and_lookups_among_who_looked(visit: Visit) -> None:
    visit.signed_in().lookup("employment", "pop.person", "si.employment")
    rows = visit.lookup("access-log", "audit.access").json["subjects"]["audit.access"]["record"]["looks"]
    told = [(row["purpose"], row["who"], row["terminal"]) for row in rows]
    assert ("sign-in", "data", visit.terminal.name) in told
    assert ("employment", "hrss", visit.terminal.name) in told
    with visit.kit.store.database.reading() as db:
        signed = db.rows("SELECT signature FROM consent WHERE terminal = ?", visit.terminal.name)
    assert len(signed) == 3
    for (signature,) in signed:
        assert verify1(bytes(signature), visit.kit.authority.signing_key.public_key())


def test_after_a_quarter_of_an_hour_or_a_goodbye_nothing_is_released(kit: GatewayKit) -> None:
    late, left, went = Visit(kit).signed_in(), Visit(kit).signed_in(), Visit(kit).signed_in()
    assert left.terminal.post(END, encode_key(left.begun.key)).json == {"ended": True}
    assert left.terminal.post(END, encode_key(left.begun.key)).json == {"ended": False}
    assert "已经退出" in went.tap(k=went.key, do="leave")
    kit.clock.pass_s(901)
    for visit in (late, left, went):
        assert visit.look() == Seen("ended")
        assert visit.lookup("employment", "pop.person").code == "sign-in-over"
        assert visit.ask(visit.draft()).code == "sign-in-over"


def test_a_form_is_approved_as_it_was_shown_and_proves_its_holder(visit: Visit) -> None:
    visit.signed_in()
    document = visit.draft()
    assert visit.ask(document).json == {"expires_s": 120}
    assert visit.look().asked == "waiting"
    assert json.loads(visit.kit.call("POST", "/app/waits", urlencode({"k": visit.key}).encode()).body) == {
        "state": "form"
    }
    assert "您同意了" in visit.decide()
    found = visit.look()
    assert found.asked == "approved"
    cards, now = visit.kit.gateway.releaser.cards, visit.kit.clock.ms
    entry = {"number": "T1-1", **document, "app_approval": {"token": found.approval}}
    who = proven(entry, cards, now)
    assert who is not None
    assert (who.id_number, who.by) == (PARENT, "app")
    for forged in (
        {**entry, "fields": {}},
        {**entry, "holder": {"name": NAME, "id_number": "440199199708300042"}},
        {**entry, "terminal": "T9999"},
        {**entry, "app_approval": {"token": found.approval[:-2]}},
        {**entry, "app_approval": {}},
        {**entry, "app_approval": "x"},
    ):
        assert proven(forged, cards, now) is None
    assert read_approval(found.approval, bytes(32)) is None


def test_what_was_approved_becomes_its_holder_s_case(kit: GatewayKit) -> None:
    counter = Counter(kit)
    visit = Visit(kit, counter.terminal).signed_in()
    document = visit.draft()
    visit.ask(document)
    visit.decide()
    name = counter.terminal.name
    counter.record({"number": f"{name}-000001", **document, "app_approval": {"token": visit.look().approval}})
    counter.record({"number": f"{name}-000002", **document})
    hers = {case["number"] for case in counter.cases()}
    assert f"{name}-000001" in hers
    assert f"{name}-000002" not in hers, "without approval it is nobody's"


def test_the_telephone_shows_every_field_in_words_and_masked(visit: Visit) -> None:
    visit.signed_in().ask(visit.draft(fields={
        "name": {"value": "陈晓娴", "origin": "app"}, "what": {"value": "unemployed", "origin": "answer"},
        "phone": {"value": "14000000021", "origin": "answer"}, "smuggled": {"value": "7", "origin": "answer"},
    }))  # fmt: skip
    page = visit.tap(k=visit.key)
    assert "陈*娴" in page
    assert "140****0021" in page
    assert "smuggled" in page, "nothing is approved that was not shown"
    assert "unemployed" not in page


def test_a_form_that_was_declined_is_not_handed_in_and_may_come_again(visit: Visit) -> None:
    visit.signed_in().ask(visit.draft())
    assert "没有提交" in visit.decide("decline")
    assert (visit.look().asked, visit.look().approval) == ("refused", "")
    visit.ask(visit.draft(time="2026-11-21T12:01"))
    assert visit.look().asked == "waiting"
    visit.kit.clock.pass_s(121)
    assert visit.look().asked == "expired"


def test_a_form_that_was_changed_behind_the_page_is_asked_anew(visit: Visit) -> None:
    visit.signed_in().ask(visit.draft())
    page = visit.tap(k=visit.key)
    shown = re.search(r'name="shown" value="([0-9a-f]+)"', page)
    assert shown
    visit.ask(visit.draft(time="2026-11-21T12:09"))
    assert "要提交这张表吗" in visit.tap(k=visit.key, do="approve", shown=shown[1])
    assert visit.look().asked == "waiting"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"holder": {"name": NAME, "id_number": "440199199708300042"}}, "malformed"),
        ({"holder": 7}, "malformed"),
        ({"terminal": "T9999"}, "malformed"),
        ({"kind": "rating"}, "malformed"),
        ({"sign_in": "card"}, "malformed"),
        ({"fields": []}, "malformed"),
        ({"service": "nothing"}, "service-unknown"),
        ({"service": "marriage"}, "app-not-enough"),
    ],
)
def test_a_form_that_is_not_this_visit_s_is_refused(visit: Visit, changed: dict[str, Any], code: str) -> None:
    visit.signed_in()
    document = {**visit.draft(), **changed}
    assert visit.ask(document).code == code


def test_a_form_in_another_spelling_is_refused(visit: Visit) -> None:
    visit.signed_in()
    assert visit.ask({}, json.dumps(visit.draft()).encode()).code == "malformed"
    assert visit.terminal.post(ASK, json_dumps({"key": visit.begun.key, "draft": "e30"})).code == "malformed"
    for path in (SIGN_INS, LOOK, END):
        assert visit.terminal.post(path, b'{"x":1}').code == "malformed"


def test_a_page_without_a_code_or_with_a_strange_one_opens_nothing(visit: Visit) -> None:
    assert visit.kit.call("GET", "/app").status == 200
    assert "打不开" in visit.tap(t="x" * 80, who="parent")
    assert "打不开" in visit.tap(t="nobody-made-this", who="parent")
    assert "打不开" in visit.tap(t=visit.token, who="nobody")
    assert "打不开" in visit.tap(k="nothing")
    assert "打不开" in visit.tap(k="nothing", do="yes", code="1")
    assert "打不开" in visit.tap(k="nothing", do="leave")
    assert visit.look() == Seen("waiting")
    desk: SignInDesk = visit.kit.gateway.sign_ins
    assert desk.open(visit.token, "440199190001010000", visit.kit.clock.ms).state == "unknown"


def test_the_log_holds_neither_token_nor_digits_nor_holder(visit: Visit) -> None:
    visit.signed_in()
    visit.look()
    visit.ask(visit.draft())
    visit.decide()
    written = repr(visit.kit.log)
    for secret in (visit.token, visit.begun.key, visit.key, visit.begun.code, PARENT, NAME):
        assert secret not in written
    assert "gateway.sign-in" in written
    with visit.kit.store.database.reading() as db:
        kept = repr(db.rows("SELECT * FROM sign_in")) + repr(db.rows("SELECT * FROM sign_in_form"))
    for secret in (visit.token, visit.begun.key, PARENT, NAME):
        assert secret not in kept
