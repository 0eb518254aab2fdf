"""The page of a case in Chromium, as on a telephone: the receipt's code in, the case out, then the second factor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.gateway_cards import Counter, say
from tests.gateway_kit import GatewayKit
from tests.system.test_panel import CHROMIUM, DRIVER, FLAGS
from tests.unit.test_case_page import receipt, sent_code

DEADLINE_S = 20
pytestmark = [
    pytest.mark.web,
    pytest.mark.xdist_group("web"),
    pytest.mark.skipif(not (CHROMIUM.exists() and DRIVER.exists()), reason="chromium and chromium-driver are wanted"),
]


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
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
    body = phone.find_element(By.TAG_NAME, "body")
    assert number in body.text
    assert "已办结" in body.text
    assert claim not in phone.page_source
    assert phone.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    small = "return [...document.querySelectorAll('button,a.b,input:not([type=hidden])')].map(e=>e.offsetHeight)"
    assert min(phone.execute_script(small)) >= 44
    phone.find_element(By.CSS_SELECTOR, "form button").click()
    wait = WebDriverWait(phone, DEADLINE_S)
    field = wait.until(lambda driver: driver.find_element(By.ID, "code"))
    field.send_keys(sent_code(kit)[1])
    phone.find_element(By.CSS_SELECTOR, "form button").click()
    wait.until(lambda driver: claim in driver.find_element(By.CSS_SELECTOR, "dl.private").text)
    assert phone.find_elements(By.TAG_NAME, "script") == []
    for language in ("zh-Hans", "en"):
        phone.get(f"{url}/catalogue?subject=med.account&lang={language}")
        assert phone.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"), language
