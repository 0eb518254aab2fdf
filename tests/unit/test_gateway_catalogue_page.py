"""The catalogue's page: who holds what, who may ask, how often it was used; nobody's data and no script."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from provisioning.gateway.store import Consent
from provisioning.gateway.web.catalogue_page import DAYS, item_names, used
from tests.gateway_kit import GatewayKit


class Seen(HTMLParser):
    """What stands on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data + " "


def looked(kit: GatewayKit, *subjects: str) -> None:
    at = kit.clock.ms
    kit.store.record_consent(Consent(at, b"p" * 16, "T0001", "marriage", subjects, "1", str(at), b"c", b"s"))


def page(kit: GatewayKit, query: str = "") -> Seen:
    answer = kit.call("GET", f"/catalogue{query}")
    assert answer.status == 200
    return Seen(answer.body.decode())


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_uses_are_counted_by_subject_and_day(kit: GatewayKit) -> None:
    looked(kit, "pop.person", "msg.contact")
    kit.clock.pass_s(86_400)
    looked(kit, "pop.person")
    found = used(kit.store.database, kit.clock.ms)
    assert found["pop.person"][-2:] == [1, 1]
    assert found["msg.contact"][-2:] == [1, 0]
    kit.clock.pass_s(86_400 * DAYS)
    assert used(kit.store.database, kit.clock.ms) == {}


def test_a_subject_tells_who_holds_it_and_who_may_ask(kit: GatewayKit) -> None:
    looked(kit, "marriage.record")
    seen = page(kit, "?agency=civil&subject=marriage.record")
    for word in ("婚姻登记", "民政局", "3 敏感", "有条件", "身份号码", "marriage.record", "婚姻登记记录证明", "契税"):
        assert word in seen.words, word
    assert "script" not in seen.tags
    assert "人口基本" not in seen.words  # another agency's


def test_a_search_finds_by_name_by_id_and_by_item(kit: GatewayKit) -> None:
    for words, found in (("公积金", "pf.account"), ("PF.ACC", "pf.account"), ("门牌", "geo.address")):
        assert found in page(kit, f"?q={quote(words)}").words
    assert "没有找到" in page(kit, "?q=zzzz").words
    evil = kit.call("GET", "/catalogue?q=%22%3E%3Cscript%3E&agency=%3Cb%3E&subject=%3Cb%3E").body.decode()
    assert "<script>" not in evil
    assert "<b>&" not in evil


def test_the_export_is_the_whole_catalogue(kit: GatewayKit) -> None:
    exported = kit.call("GET", "/catalogue.json").json
    assert set(exported["subjects"]) == set(kit.gateway.releaser.catalogue.current().parsed.subjects)


def test_every_item_has_a_name_and_every_name_an_item(kit: GatewayKit) -> None:
    items = {str(item) for subject in kit.gateway.releaser.catalogue.current().subjects.values()
             for item in subject["items"]}  # fmt: skip  # pyright: ignore
    assert items == set(item_names())


def test_the_page_speaks_english_too_and_its_links_stay_english(kit: GatewayKit) -> None:
    answer = kit.call("GET", "/catalogue?subject=med.account&lang=en").body.decode()
    seen = Seen(answer)
    chinese = [word for word in seen.words.split() if re.search("[\u4e00-\u9fff]", word)]
    found_under = ["政务数据共享条例（国务院令第", "号）"]
    assert chinese == ["中文", *found_under], "the way back, and the title that the law is found under"
    assert "Regulations on Government Data Sharing (Decree 809)" in seen.words
    assert "Healthcare Security Administration" in seen.words
    links = [link for link in re.findall(r'href="[?]([^"]*)"', answer) if "zh-Hans" not in link]
    assert links
    assert all("lang=en" in link for link in links)
    assert 'lang="en"' in answer
