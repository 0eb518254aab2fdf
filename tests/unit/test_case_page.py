"""The case on a telephone: what the receipt's code shows, what a number alone shows, what only the citizen opens."""

from __future__ import annotations

import html
import re
from urllib.parse import quote, urlencode

import pytest

from offline_cache.wire.receipt_token import ReceiptToken, sign_token
from provisioning.gateway.serve import City
from tests.gateway_cards import REAL, Counter, agency, say
from tests.gateway_kit import GatewayKit

NAME = "陈晓娴"


@pytest.fixture
def city() -> City:
    return REAL


def look(kit: GatewayKit, **query: str) -> str:
    answer = kit.call("GET", f"/case?{urlencode(query, quote_via=quote)}")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    return html.unescape(answer.body.decode())


def post(kit: GatewayKit, **form: str) -> str:
    return html.unescape(kit.call("POST", "/case", urlencode(form).encode()).body.decode())


def receipt(counter: Counter, number: str) -> str:
    """The text of the QR code on this receipt."""
    token = ReceiptToken(number, counter.terminal.name, "residence", 1_790_000_000, received=True)
    return sign_token(token, counter.terminal.key)


def sent_code(kit: GatewayKit) -> tuple[str, str]:
    """To whom the last code went, and the code."""
    claimed = kit.gateway.messages.post.claim(kit.clock.ms, 10)
    found = [item.message for item in claimed if item.message.text_id == "case-code"]
    return found[-1].to, found[-1].values["code"]


def test_the_receipt_s_code_shows_how_the_case_stands_and_nobody_s_name(kit: GatewayKit) -> None:
    counter = Counter(kit)
    number = counter.hand_in("residence", phone="14000000021")
    kit.clock.pass_s(3 * 86_400)
    page = look(kit, token=receipt(counter, number))
    assert "居住登记和居住证" in page
    assert "<b>2</b> / 10 个工作日" in page
    assert page.index('data-state="current"') < page.index('data-state="todo"')
    assert "看材料" in page
    assert "现在不用您做什么" in page
    assert NAME[0] + "*" not in page
    assert "14000000021" not in page


def test_a_number_alone_shows_the_steps_and_offers_no_code(kit: GatewayKit) -> None:
    counter = Counter(kit)
    number = counter.hand_in("residence")
    page = look(kit, number=number.lower())
    assert 'data-state="current"' in page
    assert "发验证码" not in page
    assert 'name="code"' not in post(kit, number=number)
    assert kit.gateway.messages.post.claim(kit.clock.ms, 10) == ()


def test_the_code_goes_to_the_telephone_that_the_citizen_left_and_opens_the_page_once(kit: GatewayKit) -> None:
    counter = Counter(kit)
    number = counter.hand_in("residence", phone="14000000099", get="office")
    for step in ("look", "decide"):
        say(kit, "psb", number, step, "done")
    claim = counter.case(number)["claim"]
    token = receipt(counter, number)
    assert claim not in look(kit, token=token)
    assert "验证码发出去了" in post(kit, token=token)
    to, code = sent_code(kit)
    assert to == "14000000099"
    wrong = "000000" if code != "000000" else "111111"
    assert claim not in post(kit, token=token, code=wrong)
    opened = post(kit, token=token, code=code)
    assert claim in opened
    assert "陈**" in opened
    assert NAME not in opened
    assert claim not in post(kit, token=token, code=code)


def test_five_wrong_codes_close_the_page_and_a_new_code_comes_after_a_minute(kit: GatewayKit) -> None:
    counter = Counter(kit)
    number = counter.hand_in("residence", phone="14000000099")
    token = receipt(counter, number)
    post(kit, token=token)
    _, code = sent_code(kit)
    for _ in range(5):
        assert "不对" in post(kit, token=token, code="12345x")
    assert "陈**" not in post(kit, token=token, code=code)
    assert "请过 1 分钟再试" in post(kit, token=token)
    kit.clock.pass_s(61)
    assert "验证码发出去了" in post(kit, token=token)
    _, code = sent_code(kit)
    kit.clock.pass_s(601)
    assert "陈**" not in post(kit, token=token, code=code)


def test_what_the_agency_wants_is_said_in_words(kit: GatewayKit) -> None:
    counter = Counter(kit)
    number = counter.hand_in("construction")
    assert agency(kit, "asc", "GET", "steps").json["steps"][0]["step"] == "intake"
    say(kit, "asc", number, "intake", "done")
    say(kit, "upb", number, "site-opinion", "ask", "site-plan")
    page = look(kit, token=receipt(counter, number))
    assert "等您补材料 Wanted: 选址位置图" in page
    assert page.count("data-state=") == 17
    assert len(re.findall('data-state="asked"', page)) == 1


def test_a_number_that_is_not_there_and_a_code_that_is_none(kit: GatewayKit) -> None:
    assert "还没有收到这个编号" in look(kit, number="T0009-000001")
    assert "认不出来" in look(kit, token="KR1:NONSENSE")
    assert "<form" in look(kit)
    assert "<script>" not in look(kit, number="<script>alert(1)</script>").replace("&lt;", "<x")
    counter = Counter(kit)
    counter.record({"kind": "notice", "number": "x"})
    assert "已收到" in look(kit, number=f"{counter.terminal.name}-000001")


def test_a_receipt_that_was_checked_leads_on_to_its_case(kit: GatewayKit) -> None:
    counter = Counter(kit)
    token = receipt(counter, counter.hand_in("residence"))
    checked = kit.call("GET", f"/verify?token={quote(token, safe='')}").body.decode()
    way = re.search(r'href="(/case\?token=[^"]+)"', checked)
    assert way is not None
    assert 'data-state="current"' in kit.call("GET", html.unescape(way[1])).body.decode()
