"""Debian's Chromium for tests, and how a page that may be turning at this moment is read.

An element that was found belongs to one page; when the page is reloaded between finding it and asking it, chromedriver
answers with one of several errors. So words are read by one script inside the page, and a page has turned when a mark
that was left on the old one is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
DEADLINE_S = 20
INSTALLED = pytest.mark.skipif(
    not (CHROMIUM.exists() and DRIVER.exists()), reason="chromium and chromium-driver are wanted"
)
WANTED = [pytest.mark.web, pytest.mark.xdist_group("web"), INSTALLED]
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def open_browser(profile: Path, *flags: str) -> webdriver.Chrome:
    """A browser without a window, with a profile of its own; it keeps what pages write to its log."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*_FLAGS, *flags, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=Service(str(DRIVER)))


def glass(browser: webdriver.Chrome, width: int, height: int, *, scale: float = 1, mobile: bool = False) -> None:
    """The size of its screen, in CSS pixels."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def words(browser: webdriver.Chrome) -> str:
    """Everything that stands on the page."""
    return str(browser.execute_script("return document.body ? document.body.innerText : ''"))


def fits(browser: webdriver.Chrome) -> bool:
    """Nothing stands beyond the right edge."""
    return bool(browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"))


def until(browser: webdriver.Chrome, look: Callable[[], object]) -> None:
    """Look again until it is so, also where the page turns while it is looked at. Raises `TimeoutException`."""
    WebDriverWait(browser, DEADLINE_S, 0.05, [WebDriverException]).until(lambda _browser: look())


def press(browser: webdriver.Chrome, by: str, what: str) -> None:
    """Click it once, as soon as it is there, enabled and not being drawn anew. Raises `TimeoutException`."""

    def clicked() -> bool:
        element = browser.find_element(by, what)
        if not element.is_enabled():
            return False
        element.click()
        return True

    until(browser, clicked)


def turn(browser: webdriver.Chrome, by: str, what: str) -> None:
    """Click it and wait for the next page."""
    browser.execute_script("window.turning = true")
    press(browser, by, what)
    until(browser, lambda: browser.execute_script("return !window.turning && document.readyState === 'complete'"))
