"""The fleet page and the technician's enrolment page in Chromium, over a city of a thousand simulated terminals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from offline_cache.wire.fleet.joining import Offer
from tests.fleet_kit import city
from tests.gateway_kit import GatewayKit
from tests.gateway_pages import served
from tests.system.test_panel import CHROMIUM, DRIVER, FLAGS

DEADLINE_S = 20
pytestmark = [
    pytest.mark.web,
    pytest.mark.xdist_group("web"),
    pytest.mark.skipif(not (CHROMIUM.exists() and DRIVER.exists()), reason="chromium and chromium-driver are wanted"),
]
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
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.get(f"{url}/fleet")
    assert "T0001" not in driver.page_source, "nothing without the operator's token"
    driver.find_element(By.ID, "token").send_keys(kit.authority.operator_token)
    driver.find_element(By.CSS_SELECTOR, "form button").click()
    WebDriverWait(driver, DEADLINE_S).until(lambda page: page.find_elements(By.CSS_SELECTOR, "svg.map"))
    yield driver
    driver.quit()


def screen(browser: webdriver.Chrome, width: int, height: int, *, mobile: bool = False) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def rows(browser: webdriver.Chrome) -> list[str]:
    return browser.execute_script("return [...document.querySelectorAll('tbody tr')].map(row => row.innerText)")


def fits(browser: webdriver.Chrome) -> bool:
    return bool(browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"))


def press(browser: webdriver.Chrome, words: str) -> None:
    before = browser.find_element(By.TAG_NAME, "main")
    browser.find_element(By.PARTIAL_LINK_TEXT, words).click()
    WebDriverWait(browser, DEADLINE_S).until(lambda _page: _gone(before))


def _gone(element: object) -> bool:
    try:
        element.is_enabled()  # pyright: ignore
    except StaleElementReferenceException:
        return True
    return False


def test_who_must_go_first_is_first_among_a_thousand(browser: webdriver.Chrome, url: str) -> None:
    screen(browser, 1440, 900)
    browser.get(f"{url}/fleet")
    text = browser.find_element(By.TAG_NAME, "body").text
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
    press(browser, button.text)
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
    WebDriverWait(browser, DEADLINE_S).until(lambda _page: len(rows(browser)) == 1)
    assert "T0777" in rows(browser)[0]


def test_a_thousand_are_turned_page_by_page_in_english_too(browser: webdriver.Chrome, url: str) -> None:
    browser.get(f"{url}/fleet?show=all&lang=en")
    assert "In service" in browser.find_element(By.TAG_NAME, "body").text
    assert len(rows(browser)) == 100
    press(browser, "Next")
    assert "page 2 of 10" in browser.find_element(By.TAG_NAME, "body").text
    assert fits(browser)


def test_a_terminal_s_page_orders_a_restart_once(browser: webdriver.Chrome, url: str, kit: GatewayKit) -> None:
    for _ in range(2):
        browser.get(f"{url}/fleet/T0042?lang=en")
        before = browser.find_element(By.TAG_NAME, "main")
        browser.find_element(By.CSS_SELECTOR, 'button[value="restart"]').click()
        WebDriverWait(browser, DEADLINE_S).until(lambda _page: _gone(before))  # noqa: B023
    assert "waits to be fetched" in browser.find_element(By.TAG_NAME, "body").text
    assert [one.kind for one in kit.gateway.fleet.orders.of("T0042", kit.clock.ms)] == ["restart"]


def test_a_technician_binds_a_terminal_on_a_telephone(browser: webdriver.Chrome, url: str, kit: GatewayKit) -> None:
    screen(browser, 390, 844, mobile=True)
    offer = Offer("GZ-K2", "2027-00318", "7a41c09e5d12" + "0" * 52, "ab" * 16)
    browser.get(offer.address(url))
    text = browser.find_element(By.TAG_NAME, "body").text
    assert offer.code in text
    assert "7a41 c09e 5d12" in text
    assert fits(browser)
    heights = browser.execute_script("return [...document.querySelectorAll('label.o,button')].map(e=>e.offsetHeight)")
    assert min(heights) >= 56
    browser.find_element(By.CSS_SELECTOR, 'input[value="rongshu"]').click()
    browser.find_element(By.CSS_SELECTOR, "form button.main").click()
    turning = WebDriverWait(browser, DEADLINE_S, ignored_exceptions=[StaleElementReferenceException])
    turning.until(lambda page: "等终端来取" in page.find_element(By.TAG_NAME, "body").text)
    with kit.store.database.reading() as db:
        assert db.rows("SELECT serial FROM enrol_binding") == [("2027-00318",)]
