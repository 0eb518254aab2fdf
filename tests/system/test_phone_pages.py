"""The citizen's own telephone in Chromium: a form handed over is finished, and the city's app signs in and approves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from tests.browser import WANTED, fits, glass, open_browser, press, until, words
from tests.gateway_cards import Counter
from tests.gateway_kit import GatewayKit
from tests.unit.test_handover import entries, hand_over, token
from tests.unit.test_sign_ins import Visit

pytestmark = WANTED


class Phone:
    """A browser on a telephone of 390 by 844 points, in somebody's hand."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """Scan a code: a camera opens a page of its own."""
        self.driver.get("about:blank")
        self.driver.get(url)
        self.fits()

    def says(self, text: str) -> None:
        """Wait for these words; the page then fits the glass, and every way on is as large as a finger."""
        until(self.driver, lambda: text in words(self.driver))
        self.fits()

    def fits(self) -> None:
        assert fits(self.driver)
        ways = "button,a.b,select,input:not([type=hidden])"
        sizes = f"return [...document.querySelectorAll('{ways}')].map(e=>e.offsetHeight).filter(h=>h>0)"
        assert min(self.driver.execute_script(sizes)) >= 56
        text = "return [...document.querySelectorAll('body *')].map(e=>parseFloat(getComputedStyle(e).fontSize))"
        assert min(self.driver.execute_script(text)) >= 16
        assert self.driver.get_log("browser") == [], "nothing was refused by the page's own policy"

    def tap(self, label: str) -> None:
        """Press the button with these words."""
        press(self.driver, By.XPATH, f"//button[contains(., '{label}')]")

    def choose(self, name: str, value: str) -> None:
        Select(self.driver.find_element(By.NAME, name)).select_by_value(value)

    def type(self, name: str, text: str) -> None:
        field = self.driver.find_element(By.NAME, name)
        field.clear()
        field.send_keys(text)


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    driver = open_browser(tmp_path / "profile")
    glass(driver, 390, 844, scale=2, mobile=True)
    yield Phone(driver)
    driver.quit()


def test_a_telephone_finishes_a_form_and_another_signs_in_and_approves(kit: GatewayKit, url: str, phone: Phone) -> None:
    finishes_a_form(kit, url, phone)
    signs_in_and_approves(kit, url, phone)


def finishes_a_form(kit: GatewayKit, url: str, phone: Phone) -> None:
    """A form that was begun at a terminal goes on on the telephone."""
    code = token(hand_over(Counter(kit)))
    phone.open(f"{url}/phone#{code}")
    assert code not in phone.driver.current_url, "the token is gone from the address bar"
    phone.tap("打开我的表")
    phone.says("还没有提交")
    phone.tap("看一遍")
    phone.says("请填上")
    phone.says("处要填")
    for field in phone.driver.find_elements(By.CSS_SELECTOR, "select"):
        chosen = Select(field)
        if not chosen.first_selected_option.get_attribute("value"):
            chosen.select_by_index(1)
    for field in phone.driver.find_elements(By.CSS_SELECTOR, "input.f"):
        if not field.get_attribute("value"):
            phone.driver.execute_script(
                "arguments[0].value = {date:'2026-01-05',month:'2026-01',tel:'14000000021',email:'a@b.cn'}"
                "[arguments[0].type] || '12'",
                field,
            )
    phone.tap("看一遍")
    phone.says("最后看一遍，再提交")
    phone.tap("提交")
    phone.says("已收到")
    assert len(entries(kit)) == 1
    phone.open(f"{url}/phone#{code}")
    phone.tap("打开我的表")
    phone.says("这个码用过了")


def signs_in_and_approves(kit: GatewayKit, url: str, phone: Phone) -> None:
    """The stand-in of the city's app: wrong digits, the right ones, a form that comes by itself, and out again."""
    visit = Visit(kit)
    phone.open(f"{url}/app#{visit.token}")
    assert visit.token not in phone.driver.current_url
    phone.choose("who", "parent")
    phone.tap("继续")
    phone.says("您要在这台终端上办事吗")
    phone.says(visit.terminal.name)
    phone.type("code", f"{(int(visit.begun.code) + 1) % 10_000:04d}")
    phone.tap("同意登录")
    phone.says("数字不对")
    phone.type("code", visit.begun.code)
    phone.tap("同意登录")
    phone.says("已登录")
    assert visit.look().state == "approved"
    visit.ask(visit.draft())
    phone.says("要提交这张表吗")
    phone.says(f"{visit.begun.code[:2]} {visit.begun.code[2:]}")
    phone.tap("同意提交")
    phone.says("您同意了")
    assert visit.look().asked == "approved"
    phone.tap("退出这台终端")
    phone.says("已经退出")
    assert visit.look().state == "ended"
