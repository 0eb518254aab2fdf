"""The fleet page and the technician's enrolment page in Chromium, over a city of a thousand simulated terminals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from offline_cache.wire.fleet.joining import Offer
from tests.browser import WANTED, fits, glass, open_browser, turn, until, words
from tests.fleet_kit import city
from tests.gateway_kit import GatewayKit
from tests.gateway_pages import served

pytestmark = WANTED
TERMINALS = 1000


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayKit]:
    kit = GatewayKit(tmp_path_factory.mktemp("fleet") / "gateway")
    city(kit, TERMINALS)
    yield kit
    kit.store.close()


@pytest.fixture(scope="module")
def url(kit: GatewayKit) -> Iterator[str]:
    with served(kit) as address:
        yield address


@pytest.fixture(scope="module")
def browser(kit: GatewayKit, url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    driver = open_browser(tmp_path_factory.mktemp("profile"))
    driver.get(f"{url}/fleet")
    assert "T0001" not in driver.page_source, "nothing without the operator's token"
    driver.find_element(By.ID, "token").send_keys(kit.authority.operator_token)
    turn(driver, By.CSS_SELECTOR, "form button")
    assert driver.find_elements(By.CSS_SELECTOR, "svg.map")
    yield driver
    driver.quit()


def rows(browser: webdriver.Chrome) -> list[str]:
    return browser.execute_script("return [...document.querySelectorAll('tbody tr')].map(row => row.innerText)")


def test_who_must_go_first_is_first_among_a_thousand(browser: webdriver.Chrome, url: str) -> None:
    glass(browser, 1440, 900)
    browser.get(f"{url}/fleet")
    text = words(browser)
    assert "1,000 台" in text
    assert "没有音讯" in text
    shown = rows(browser)
    order = [("读卡器不见了" in row or "有没有电" in row) for row in shown]
    assert order == sorted(order, reverse=True), "stop before attention"
    assert any("换纸，带 80 mm" in row for row in shown)
    assert fits(browser)
    assert len(browser.find_elements(By.CSS_SELECTOR, "svg.plot")) == 3
    assert len(browser.find_elements(By.CSS_SELECTOR, "svg.map polygon")) == 11
    assert browser.find_elements(By.TAG_NAME, "script") == []
    heights = browser.execute_script(
        "return [...document.querySelectorAll('a.b,button,input')].filter(e=>e.type!='hidden').map(e=>e.offsetHeight)"
    )
    assert min(heights) >= 36


@pytest.mark.parametrize(
    ("filter_", "words"),
    [("停用", "技术员停了服务"), ("缺纸", "纸"), ("读卡器", "读卡器"), ("积压", "正在补发"), ("没音讯", "有没有电")],
)  # fmt: skip
def test_a_filter_shows_its_own_and_says_how_many(
    browser: webdriver.Chrome, url: str, filter_: str, words: str
) -> None:
    browser.get(f"{url}/fleet")
    button = next(e for e in browser.find_elements(By.CSS_SELECTOR, "a.b") if e.text.startswith(filter_))
    count = int(button.text.split()[-1].replace(",", ""))
    turn(browser, By.PARTIAL_LINK_TEXT, button.text)
    shown = rows(browser)
    assert len(shown) == count > 0
    assert all(words in row for row in shown)


def test_a_district_of_the_map_filters_and_the_search_finds_one(browser: webdriver.Chrome, url: str) -> None:
    browser.get(f"{url}/fleet?show=all&lang=en")
    area = browser.find_element(By.CSS_SELECTOR, 'svg.map a[aria-label^="Panyu"]')
    browser.get(url + str(browser.execute_script("return arguments[0].getAttribute('href')", area)))
    shown = rows(browser)
    assert shown
    assert all("Panyu" in row for row in shown)
    box = browser.find_element(By.NAME, "q")
    box.send_keys("T0777\n")
    until(browser, lambda: len(rows(browser)) == 1)
    assert "T0777" in rows(browser)[0]


def test_a_thousand_are_turned_page_by_page_in_english_too(browser: webdriver.Chrome, url: str) -> None:
    browser.get(f"{url}/fleet?show=all&lang=en")
    assert "In service" in words(browser)
    assert len(rows(browser)) == 100
    turn(browser, By.PARTIAL_LINK_TEXT, "Next")
    assert "page 2 of 10" in words(browser)
    assert fits(browser)


def test_a_terminal_s_page_orders_a_restart_once(browser: webdriver.Chrome, url: str, kit: GatewayKit) -> None:
    for _ in range(2):
        browser.get(f"{url}/fleet/T0042?lang=en")
        turn(browser, By.CSS_SELECTOR, 'button[value="restart"]')
    assert "waits to be fetched" in words(browser)
    assert [one.kind for one in kit.gateway.fleet.orders.of("T0042", kit.clock.ms)] == ["restart"]


def test_a_technician_binds_a_terminal_on_a_telephone(browser: webdriver.Chrome, url: str, kit: GatewayKit) -> None:
    glass(browser, 390, 844, mobile=True)
    offer = Offer("GZ-K2", "2027-00318", "7a41c09e5d12" + "0" * 52, "ab" * 16)
    browser.get(offer.address(url))
    text = words(browser)
    assert offer.code in text
    assert "7a41 c09e 5d12" in text
    assert fits(browser)
    heights = browser.execute_script("return [...document.querySelectorAll('label.o,button')].map(e=>e.offsetHeight)")
    assert min(heights) >= 56
    browser.find_element(By.CSS_SELECTOR, 'input[value="rongshu"]').click()
    turn(browser, By.CSS_SELECTOR, "form button.main")
    assert "等终端来取" in words(browser)
    with kit.store.database.reading() as db:
        assert db.rows("SELECT serial FROM enrol_binding") == [("2027-00318",)]
