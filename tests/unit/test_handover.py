"""A half-filled form between the terminal and the telephone, at the gateway: once, in time, by its holder alone."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from offline_cache.errors import BadReply
from offline_cache.messages import json_dumps
from offline_cache.wire.handover import (
    HANDOVERS,
    WITHDRAW,
    Handover,
    encode_handover,
    handover_answer,
    handover_context,
)
from provisioning.gateway.handover.window import PHONE
from provisioning.gateway.ingest import unsealed
from provisioning.gateway.offices.proof import proven
from provisioning.gateway.serve import City
from tests.gateway_cards import REAL, Counter
from tests.gateway_kit import Answer, GatewayKit

PREFILLED = {"name": "陈晓娴", "rid": "440199199003070021"}
URL = "https://gateway.example"


@pytest.fixture
def city() -> City:
    return REAL


@pytest.fixture
def counter(kit: GatewayKit) -> Counter:
    return Counter(kit)


def hand_over(counter: Counter, nonce: str = "", **changed: Any) -> Answer:
    """The terminal hands the form over, with the counter's card in it."""
    service = str(changed.pop("service", "employment"))
    definition = counter.kit.gateway.releaser.catalogue.current().parsed.services[service]
    form = {
        "service_version": definition.version, "language": "zh-Hans", "name": PREFILLED["name"],
        "id_number": counter.id_number, "sex": "female", "birth_date": "1990-03-07", "card_number": "A1",
        "subjects": {}, "answers": {}, "disputed": [], "preset": {}, "consent": {"given": True, "subjects": []},
        "data": "card", **changed,
    }  # fmt: skip
    asked = Handover(nonce or counter.terminal.nonce(), service, json_dumps(form), counter.card.certificate, b"")
    context = handover_context(asked.nonce, counter.terminal.name, service, asked.digest)
    r, s = decode_dss_signature(counter.card.key.sign(context, ec.ECDSA(hashes.SHA256())))
    signed = Handover(asked.nonce, service, asked.form, asked.certificate, r.to_bytes(32) + s.to_bytes(32))
    return counter.terminal.post(HANDOVERS, encode_handover(signed))


def token(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    assert answer.json["expires_s"] == 900
    return handover_answer(answer.json, URL).partition("#")[2]


def post(kit: GatewayKit, **sent: str) -> str:
    answer = kit.call("POST", "/phone", urlencode(sent).encode())
    assert answer.headers["cache-control"] == "no-store"
    return html.unescape(answer.body.decode())


def key_of(page: str) -> str:
    found = re.search(r'name="k" value="([^"]+)"', page)
    assert found, page
    return found[1]


def fill(kit: GatewayKit, page: str) -> str:
    """Answer whatever the page asks, as its own fields say, until it shows the last look."""
    for _ in range(8):
        if "最后看一遍，再提交" in page:
            return page
        given = {"k": key_of(page), "do": "next"}
        for name, options in re.findall(r'<select id="(a\.[\w-]+)"[^>]*>(.*?)</select>', page):
            chosen = re.search(r'value="([^"]+)" selected', options) or re.search(r'value="([^"]+)">', options)
            assert chosen
            given[name] = chosen[1]
        for kind, name, value in re.findall(
            r'<input class="f" type="(\w+)"[^>]*? id="(a\.[\w-]+)"[^>]*value="([^"]*)"', page
        ):
            known = {"tel": "14000000021", "date": "2026-01-05", "month": "2026-01", "email": "a@b.cn"}
            given[name] = value or known.get(kind, "12")
        page = post(kit, **given)
    raise AssertionError(page)


def entries(kit: GatewayKit) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = list(unsealed(kit.store, kit.authority))
    return [line for line in lines if line["terminal"] == PHONE]


def test_a_form_is_finished_on_the_phone_and_becomes_its_holder_s_case(kit: GatewayKit, counter: Counter) -> None:
    page = post(kit, t=token(hand_over(counter)))
    assert counter.id_number not in page
    page = fill(kit, page)
    key = key_of(page)
    done = post(kit, k=key, do="submit")
    assert "已收到" in done
    (line,) = entries(kit)
    document = line["document"]
    assert f"{PHONE}-000001" in done
    assert (document["origin"], document["number"]) == ("phone", f"{PHONE}-000001")
    assert "card_signature" not in document
    kit.gateway.town.intake.work()
    assert [case["number"] for case in counter.cases()] == [f"{PHONE}-000001"]
    again = post(kit, k=key, do="submit")
    assert f"{PHONE}-000001" in again
    assert len(entries(kit)) == 1


def test_the_second_scan_of_a_code_hears_that_it_was_used(kit: GatewayKit, counter: Counter) -> None:
    code = token(hand_over(counter))
    assert 'name="k"' in post(kit, t=code)
    second = post(kit, t=code)
    assert "这个码用过了" in second
    assert 'name="k"' not in second


def test_a_code_is_good_for_a_quarter_of_an_hour_and_so_is_its_page(kit: GatewayKit, counter: Counter) -> None:
    late, open_ = token(hand_over(counter)), token(hand_over(counter))
    key = key_of(post(kit, t=open_))
    kit.clock.pass_s(901)
    assert "这个码过时了" in post(kit, t=late)
    assert "这个码过时了" in post(kit, k=key, do="submit")
    assert entries(kit) == []


def test_a_code_that_was_taken_back_opens_nothing(kit: GatewayKit, counter: Counter) -> None:
    code = token(hand_over(counter))
    assert counter.terminal.post(WITHDRAW, json_dumps({"token": code})).json == {"withdrawn": True}
    assert "这个码打不开" in post(kit, t=code)
    opened = token(hand_over(counter))
    key_of(post(kit, t=opened))
    assert counter.terminal.post(WITHDRAW, json_dumps({"token": opened})).json == {"withdrawn": False}


def test_another_terminal_cannot_take_a_code_back(kit: GatewayKit, counter: Counter) -> None:
    code = token(hand_over(counter))
    assert kit.enrol().post(WITHDRAW, json_dumps({"token": code})).json == {"withdrawn": False}
    assert 'name="k"' in post(kit, t=code)


def test_another_s_name_on_the_form_is_refused(counter: Counter) -> None:
    assert hand_over(counter, id_number="440199199708300042").code == "card-refused"


def test_a_nonce_is_good_once(counter: Counter) -> None:
    nonce = counter.terminal.nonce()
    assert hand_over(counter, nonce).status == 200
    assert hand_over(counter, nonce).code == "nonce-invalid"


def test_a_service_that_needs_the_terminal_is_refused(counter: Counter) -> None:
    assert hand_over(counter, service="appointment").code == "service-unknown"
    assert hand_over(counter, service_version="0").code == "service-unknown"


def test_a_form_without_its_parts_is_malformed(counter: Counter) -> None:
    assert hand_over(counter, consent=[]).code == "malformed"
    assert hand_over(counter, name=7).code == "malformed"


def test_a_page_with_gaps_says_where(kit: GatewayKit, counter: Counter) -> None:
    page = post(kit, t=token(hand_over(counter)))
    page = post(kit, k=key_of(page), do="next")
    assert "请填上。" in page
    assert "最后看一遍，再提交" not in post(kit, k=key_of(page), do="submit")
    assert entries(kit) == []


def test_only_the_gateway_s_own_entries_are_proved_by_a_form_handed_over(kit: GatewayKit, counter: Counter) -> None:
    page = fill(kit, post(kit, t=token(hand_over(counter))))
    post(kit, k=key_of(page), do="submit")
    document = entries(kit)[0]["document"]
    cards, now = kit.gateway.releaser.cards, kit.clock.ms
    found = proven(document, cards, now, by_phone=True)
    assert found is not None
    assert (found.id_number, found.by) == (counter.id_number, "handover")
    assert proven(document, cards, now) is None
    forged = {**document, "service": "marriage"}
    assert proven(forged, cards, now, by_phone=True) is None
    for gap in ({}, {"nonce": 1}, "x"):
        assert proven({**document, "handover": gap}, cards, now, by_phone=True) is None


def test_a_server_that_died_after_the_entry_does_not_hand_in_twice(kit: GatewayKit, counter: Counter) -> None:
    page = fill(kit, post(kit, t=token(hand_over(counter))))
    key = key_of(page)
    with kit.store.database.reading() as db:
        before = db.row("SELECT sealed FROM handover")
    assert before is not None
    post(kit, k=key, do="submit")
    with kit.store.database.transaction() as db:  # the commit that notes the number went down with the server
        db.run("UPDATE handover SET number = '', sealed = ?", bytes(before[0]))
    assert "正在提交" in post(kit, k=key, do="submit")
    kit.clock.pass_s(31)
    assert f"{PHONE}-000001" in post(kit, k=key, do="submit")
    assert len(entries(kit)) == 1


def test_the_log_holds_neither_token_nor_holder(kit: GatewayKit, counter: Counter) -> None:
    code = token(hand_over(counter))
    key = key_of(post(kit, t=code))
    written = repr(kit.log)
    for secret in (code, key, counter.id_number, PREFILLED["name"]):
        assert secret not in written


def test_what_is_no_url_with_a_token_is_a_bad_reply() -> None:
    for answer in ({}, {"url": "http://x/#t"}, {"url": "https://x/"}):
        with pytest.raises(BadReply):
            handover_answer(answer, URL)
