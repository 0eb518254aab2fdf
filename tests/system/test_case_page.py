"""The page of a case in Chromium, as on a telephone: the receipt's code in, the case out, then the second factor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser import WANTED, fits, glass, open_browser, turn, words
from tests.gateway_cards import Counter, say
from tests.gateway_kit import GatewayKit
from tests.unit.test_case_page import receipt, sent_code

pytestmark = WANTED


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    driver = open_browser(tmp_path / "profile")
    glass(driver, 390, 844, scale=2, mobile=True)
    yield driver
    driver.quit()


def test_a_citizen_follows_the_receipt_s_code_and_opens_the_case_with_the_code_sent(
    kit: GatewayKit, url: str, phone: webdriver.Chrome
) -> None:
    counter = Counter(kit)
    number = counter.hand_in("residence", phone="14000000099", get="office")
    for step in ("look", "decide"):
        say(kit, "psb", number, step, "done")
    claim = counter.case(number)["claim"]
    phone.get(f"{url}/case?token={quote(receipt(counter, number))}")
    assert number in words(phone)
    assert "已办结" in words(phone)
    assert claim not in phone.page_source
    assert fits(phone)
    small = "return [...document.querySelectorAll('button,a.b,input:not([type=hidden])')].map(e=>e.offsetHeight)"
    assert min(phone.execute_script(small)) >= 44
    turn(phone, By.CSS_SELECTOR, "form button")
    phone.find_element(By.ID, "code").send_keys(sent_code(kit)[1])
    turn(phone, By.CSS_SELECTOR, "form button")
    assert claim in phone.find_element(By.CSS_SELECTOR, "dl.private").text
    assert phone.find_elements(By.TAG_NAME, "script") == []
    for language in ("zh-Hans", "en"):
        phone.get(f"{url}/catalogue?subject=med.account&lang={language}")
        assert fits(phone), language
