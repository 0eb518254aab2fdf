"""The bench's page in Chromium, over a small world: what a tester sees, presses and hears from a screen reader."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from kiosk.bench.server import BenchServer, build_app
from kiosk.speech.speaker import Manner
from tests.browser import WANTED, glass, open_browser, press, until
from tests.unit.bench_fakes import FakeWorld

pytestmark = WANTED


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    profile = tmp_path_factory.mktemp("profile")
    driver = open_browser(profile)
    yield driver
    driver.quit()
    shutil.rmtree(profile, ignore_errors=True)


class Panel:
    """The page, with words for what a tester does."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        self.size(1440, 900)
        browser.get(url)
        self.until(lambda: self.text("#s-screen") == "attract")

    def size(self, width: int, height: int) -> None:
        glass(self.browser, width, height, mobile=width < 600)

    def find(self, css: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def text(self, css: str) -> str:
        return str(self.browser.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", css))

    def run(self, script: str) -> object:
        return self.browser.execute_script(script)

    def press(self, css: str) -> None:
        press(self.browser, By.CSS_SELECTOR, css)

    def attribute(self, css: str, name: str) -> object:
        return self.browser.execute_script(
            "return document.querySelector(arguments[0])?.getAttribute(arguments[1])", css, name
        )

    def until(self, look: Callable[[], object]) -> None:
        until(self.browser, look)


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld.make()


@pytest.fixture
def panel(world: FakeWorld, browser: webdriver.Chrome) -> Iterator[Panel]:
    server = BenchServer(build_app(world.ports()))
    server.start()
    browser.get_log("browser")
    shown = Panel(browser, server.url)
    yield shown
    refusals = ("status of 4", "status of 503")
    lines = [str(line["message"]) for line in browser.get_log("browser")]
    complaints = [line for line in lines if not any(refusal in line for refusal in refusals)]
    browser.get("about:blank")
    server.close()
    assert complaints == []


def test_a_finger_on_the_picture_touches_that_place(panel: Panel, world: FakeWorld) -> None:
    panel.press("[data-id='language.zh']")
    panel.until(lambda: panel.text("#s-screen") == "card")
    (x, y) = world.terminal.touches[0]
    assert (abs(x - 260), abs(y - 1272)) < (6, 6)


def test_a_keyboard_reaches_the_controls_on_the_screen(panel: Panel, world: FakeWorld) -> None:
    panel.until(lambda: panel.attribute("[data-id='language.zh']", "aria-label") == "中文")
    control = panel.find("[data-id='language.zh']")
    assert control.accessible_name == "中文"
    control.send_keys(Keys.ENTER)
    panel.until(lambda: panel.text("#s-screen") == "card")
    assert world.terminal.touches == [(260, 1272)]


def test_a_card_goes_in_with_one_press_and_out_with_the_next(panel: Panel, world: FakeWorld) -> None:
    panel.until(lambda: panel.text("#tray") != "")
    panel.press("[data-key='parent']")
    panel.until(lambda: panel.attribute("[data-key='parent']", "aria-pressed") == "true")
    assert world.tray.there == "parent"
    panel.press("[data-key='parent']")
    panel.until(lambda: world.tray.there is None)


def test_an_own_card_is_written_and_its_faults_are_told_in_place(panel: Panel, world: FakeWorld) -> None:
    panel.until(lambda: panel.text("#tray") != "")
    panel.press("#write")
    text = panel.find("#document")
    text.clear()
    text.send_keys("{")
    panel.press("#editor-insert")
    panel.until(lambda: "JSON" in panel.text("#editor-told"))
    panel.run("document.getElementById('document').value = '{\"profile\": \"citizen\"}'")
    panel.press("#editor-insert")
    panel.until(lambda: "holder" in panel.text("#editor-told"))
    assert world.tray.there is None
    panel.run("""document.getElementById('document').value = '{"profile": "citizen", "holder": {"name": "x"}}'""")
    panel.press("#editor-insert")
    panel.until(lambda: world.tray.there == "card")
    panel.until(lambda: panel.run("return document.getElementById('editor').open") is False)


def test_cutting_the_network_is_one_press(panel: Panel, world: FakeWorld) -> None:
    panel.press("[data-key='net.cut']")
    panel.until(lambda: "断了" in panel.text("#d-network"))
    assert not world.network.now.up
    panel.press("[data-key='net.cut']")
    panel.until(lambda: world.network.now.up)


def test_a_fault_is_one_press_and_gone_with_the_next(panel: Panel, world: FakeWorld) -> None:
    panel.press("[data-key='printer.paper-out']")
    panel.until(lambda: panel.attribute("[data-key='printer.paper-out']", "aria-pressed") == "true")
    assert [fault.fault for fault in world.faults.now] == ["paper-out"]
    panel.press("[data-key='printer.paper-out']")
    panel.until(lambda: world.faults.now == [])


def test_time_passes_with_one_press(panel: Panel, world: FakeWorld) -> None:
    panel.press("[data-key='clock.2']")
    panel.until(lambda: world.clock.ahead_s == 120)
    panel.until(lambda: "2 分" in panel.text("#d-clock"))


def test_paper_and_entries_appear(panel: Panel, world: FakeWorld) -> None:
    world.paper.put_out("T0001-000042", "编号 T0001-000042")
    document = {"kind": "application", "service": "household-proof", "number": "T0001-000042"}
    world.gateway.held.append({"terminal": "T0001", "epoch": "e", "seq": 42, "id": "i", "document": document})
    panel.until(lambda: "T0001-000042" in panel.text("#papers") and "T0001-000042" in panel.text("#entries"))
    panel.until(lambda: panel.run("return document.querySelector('#papers img').naturalWidth") == 576)
    assert "household-proof" in panel.text("#entries tbody tr")


def test_a_refusal_is_told_with_its_next_step(panel: Panel, world: FakeWorld) -> None:
    panel.find("#text").send_keys("zzz")
    panel.press("#typing button")
    panel.until(lambda: "Type what the pad" in panel.text("#told"))
    assert panel.find("#told").get_attribute("role") == "alert"


def test_the_words_of_the_page_change_and_are_remembered(panel: Panel) -> None:
    panel.press("#language")
    panel.until(lambda: panel.text("h1") == "Tester's bench")
    assert panel.run("return document.documentElement.lang") == "en"
    panel.browser.refresh()
    panel.until(lambda: panel.text("h1") == "Tester's bench")
    panel.until(lambda: panel.text("#d-network").startswith("Network"))
    panel.press("#language")
    panel.until(lambda: panel.text("h1") == "试验台")


def test_both_languages_have_every_word(panel: Panel) -> None:
    missing = panel.browser.execute_async_script(
        "const done = arguments[0]; import('/panel/words.js').then(({WORDS}) => {"
        " const [zh, en] = [WORDS['zh-Hans'], WORDS.en].map(Object.keys);"
        " const used = [...document.querySelectorAll('[data-w],[data-wl],[data-wp]')]"
        "   .flatMap((e) => [e.dataset.w, e.dataset.wl, e.dataset.wp]).filter((k) => k !== undefined);"
        " done([...zh, ...used].filter((k) => !en.includes(k)).concat(en.filter((k) => !zh.includes(k)))); });"
    )
    assert missing == []


def test_starting_afresh_takes_everything_back(panel: Panel, world: FakeWorld) -> None:
    world.paper.put_out("T0001-000001", "x")
    world.tray.insert_persona("parent")
    panel.press("#reset")
    panel.until(lambda: world.tray.there is None and panel.text("#s-screen") == "attract")
    panel.until(lambda: "T0001-000001" not in panel.text("#papers"))


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844), (320, 640)])
def test_nothing_sticks_out_at_any_width(panel: Panel, width: int, height: int) -> None:
    panel.size(width, height)
    panel.until(lambda: panel.text("#tray") != "")
    assert panel.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    narrow = panel.run(
        "return [...document.querySelectorAll('button:not(.control), input, select')]"
        ".filter((e) => e.offsetParent && e.getBoundingClientRect().height < 32).map((e) => e.id || e.textContent)"
    )
    assert narrow == []


def test_every_control_of_the_page_has_a_name(panel: Panel) -> None:
    panel.until(lambda: panel.text("#tray") != "")
    for element in panel.browser.find_elements(By.CSS_SELECTOR, "main button, main input, header button"):
        assert element.accessible_name or not element.is_displayed(), element.get_attribute("outerHTML")


def test_a_bench_that_is_gone_is_told(world: FakeWorld, browser: webdriver.Chrome) -> None:
    server = BenchServer(build_app(world.ports()))
    server.start()
    shown = Panel(browser, server.url)
    server.close()
    shown.until(lambda: shown.text("#told") == "试验台没有回答")
    browser.get("about:blank")


def test_a_key_of_the_keypad_is_pressed_and_what_is_said_can_be_read(panel: Panel, world: FakeWorld) -> None:
    world.listener.engine.say("广州市民自助终端。", Manner("zh-Hans"), lambda: True)
    panel.press("[data-key='key.down']")
    panel.until(lambda: world.terminal.keys == ["down"])
    panel.until(lambda: "广州市民自助终端。" in panel.text("#heard"))
    assert panel.attribute("#heard p", "lang") == "zh-Hans"


def test_with_headphones_on_what_is_said_is_fetched_and_played(panel: Panel, world: FakeWorld) -> None:
    played = "return performance.getEntriesByType('resource').map((one) => one.name).filter((n) => n.endsWith('.wav'))"
    world.listener.engine.sound("held", Manner("en"), lambda: True)
    panel.until(lambda: "held" in panel.text("#heard"))
    assert panel.run(played) == []
    panel.press("#hear")
    assert panel.attribute("#hear", "aria-pressed") == "true"
    world.listener.engine.sound("saved", Manner("en"), lambda: True)
    panel.until(lambda: panel.run(played) != [])
    assert "/api/speech/2.wav" in str(panel.run(played))


def test_the_roll_is_shown_and_the_receipt_is_taken_from_the_mouth(panel: Panel, world: FakeWorld) -> None:
    panel.until(lambda: "52.0" in panel.text("#roll"))
    assert panel.find("#roll meter").accessible_name
    assert not panel.find("[data-key='take']").is_enabled()
    world.paper.in_mouth = True
    panel.press("[data-key='take']")
    panel.until(lambda: not world.paper.in_mouth)


def test_messages_are_read_and_a_silent_gateway_is_told_in_its_place(panel: Panel, world: FakeWorld) -> None:
    panel.until(lambda: "14000000021" in panel.text("#messages") and "办好了" in panel.text("#messages"))
    world.gateway.silent = True
    panel.until(lambda: "does not answer" in panel.text("#entries") and "does not answer" in panel.text("#messages"))
    assert panel.run("return document.getElementById('told').hidden") is True
    world.gateway.silent = False
    panel.until(lambda: "办好了" in panel.text("#messages"))


def test_the_gateway_and_the_clock_break_with_one_press(panel: Panel, world: FakeWorld) -> None:
    panel.press("[data-key='gateway.down']")
    panel.until(lambda: [(one.device, one.fault) for one in world.faults.now] == [("gateway", "down")])
    panel.press("[data-key='clock.battery-dead']")
    panel.until(lambda: len(world.faults.now) == 2)
    panel.until(lambda: panel.attribute("[data-key='clock.battery-dead']", "aria-pressed") == "true")


def test_a_fault_may_wait_for_so_many_lines(panel: Panel, world: FakeWorld) -> None:
    panel.find("#after").send_keys("8")
    panel.press("[data-key='printer.mute']")
    panel.press("[data-key='printer.cover-open']")
    panel.until(lambda: len(world.faults.now) == 2)
    assert [(one.fault, one.after) for one in world.faults.now] == [("mute", 8), ("cover-open", None)]


def test_what_was_done_is_saved_and_played_again(panel: Panel, world: FakeWorld) -> None:
    panel.press("[data-id='language.zh']")
    panel.until(lambda: panel.text("#s-screen") == "card")
    panel.run(
        "window.saved = []; const make = URL.createObjectURL;"
        "URL.createObjectURL = (blob) => {"
        "  if (blob.type === 'text/yaml') blob.text().then((text) => window.saved.push(text)); return make(blob); };"
    )
    panel.find("#scenario-name").send_keys("Comes in")
    panel.press("#save-scenario")
    panel.until(lambda: panel.run("return window.saved.length") == 1)
    (text,) = cast("list[str]", panel.run("return window.saved"))
    assert "Comes in" in text
    assert "touch: language.zh" in text
    panel.press("#open-player")
    panel.press("#from-session")
    panel.until(lambda: "Comes in" in str(panel.run("return document.getElementById('scenario').value")))
    panel.press("#play")
    panel.until(lambda: "Comes in" in panel.text("#outcome") and "touch: language.zh" in panel.text("#outcome"))
    assert len(world.terminal.touches) == 2


def test_a_scenario_that_is_none_is_told_with_its_line(panel: Panel, world: FakeWorld) -> None:
    panel.press("#open-player")
    panel.find("#scenario").send_keys("scenario: x\nsteps: [fly]")
    panel.press("#play")
    panel.until(lambda: "scenario:2: no step is called 'fly'" in panel.text("#outcome"))
    assert world.terminal.touches == []


def test_while_the_screen_waits_for_a_telephone_the_tester_is_it(panel: Panel, world: FakeWorld) -> None:
    panel.until(lambda: panel.text("#tray") != "")
    assert not panel.find("#phone-in").is_displayed()
    world.terminal.name = "app"
    panel.until(lambda: panel.find("#phone-in").is_displayed())
    panel.until(lambda: panel.attribute("#phone-page", "href") == "https://gateway.example/app#t")
    assert all(panel.find(css).accessible_name for css in ("#phone-in", "#phone-yes", "#phone-who", "#phone-page"))
    panel.press("#phone-in")
    panel.until(lambda: [what for what, _ in world.phone.tapped] == ["scan", "agree"])
    assert world.phone.tapped[0] == ("scan", "parent")
    panel.press("#phone-yes")
    panel.until(lambda: [what for what, _ in world.phone.tapped][2:] == ["approve"])
    world.terminal.name = "attract"
    panel.until(lambda: not panel.find("#phone-in").is_displayed())


def test_headphones_go_in_with_one_press_and_out_with_the_next(panel: Panel, world: FakeWorld) -> None:
    panel.press("#hear")
    panel.until(lambda: world.listener.jack.there)
    assert panel.attribute("#hear", "aria-pressed") == "true"
    panel.press("#hear")
    panel.until(lambda: not world.listener.jack.there)
    assert panel.attribute("#hear", "aria-pressed") == "false"


def test_a_technician_s_card_goes_into_its_own_slot_and_out(panel: Panel, world: FakeWorld) -> None:
    panel.press("#badge-own")
    panel.until(lambda: world.own_tray.there == "technician")
    panel.until(lambda: panel.attribute("#badge-front", "disabled") is not None)
    assert panel.attribute("#badge-own", "aria-pressed") == "true"
    panel.press("#badge-own")
    panel.until(lambda: world.own_tray.there is None)


def test_a_pointer_writes_in_the_square_stroke_by_stroke(panel: Panel, world: FakeWorld) -> None:
    world.terminal.name = "form"
    panel.until(lambda: panel.browser.find_elements(By.CSS_SELECTOR, "[data-id='square']"))
    square = panel.find("[data-id='square']")
    half = square.rect["width"] / 2, square.rect["height"] / 2
    hand = ActionChains(panel.browser, duration=50)
    for begin, end in (((-0.8, -0.5), (0.8, -0.5)), ((0.0, -0.8), (0.0, 3.0))):
        hand.move_to_element_with_offset(square, *(round(part * one) for part, one in zip(begin, half, strict=True)))
        hand.click_and_hold()
        hand.move_by_offset(*(round((b - a) * one) for a, b, one in zip(begin, end, half, strict=True)))
        hand.release()
    hand.perform()
    panel.until(lambda: len(world.terminal.strokes) == 2)
    across, down = world.terminal.strokes
    assert all(abs(a - b) < 15 for a, b in zip((*across[0], *across[-1]), (100, 250, 900, 250), strict=True))
    assert abs(down[0][0] - 500) < 15
    assert down[-1][1] == 1000, "what leaves the square stays at its edge"
    assert len(across) > 2, "the way counts, not its ends alone"
    assert world.terminal.touches == [], "who writes presses nothing"
