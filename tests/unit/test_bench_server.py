"""The bench's HTTP interface over a small world: what a script asks, and what it may rely on."""

from __future__ import annotations

import io
import json
import socket

import pytest
import requests
from PIL import Image

from kiosk.bench.ports import BenchError
from kiosk.bench.server import BenchServer, build_app
from kiosk.speech.speaker import Manner
from tests.unit.bench_fakes import FakeWorld
from tests.unit.bench_http import TIMEOUT_S, get, post, refused


def test_the_state_has_exactly_the_promised_keys(url: str) -> None:
    state = get(url, "/api/state").json()
    assert list(state) == ["screen", "display", "session", "language", "modes", "devices", "outbox", "gateway"]
    assert state["screen"] == "attract"
    assert state["display"] == {"width": 1080, "height": 1920}
    assert state["outbox"]["pending"] == 1
    assert state["gateway"]["reachable"] is True
    assert state["devices"]["slot"] == {"card": None}


def test_the_screen_is_a_picture_of_the_display_s_size(url: str) -> None:
    answer = get(url, "/api/screen.png")
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (1080, 1920)


def test_an_unchanged_screen_is_not_sent_twice(url: str) -> None:
    first = get(url, "/api/screen.png")
    again = get(url, "/api/screen.png", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    post(url, "/api/touch", {"id": "language.zh"})
    assert get(url, "/api/screen.png", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_elements_tell_id_role_text_and_place(url: str) -> None:
    assert get(url, "/api/elements").json() == [
        {"id": "language.zh", "role": "choice", "text": "中文", "enabled": True}
        | {"x": 60.0, "y": 1200.0, "width": 400.0, "height": 144.0}
    ]


def test_touching_an_id_is_a_touch_in_the_middle_of_it(url: str, world: FakeWorld) -> None:
    after = post(url, "/api/touch", {"id": "language.zh"}).json()
    assert world.terminal.touches == [(260, 1272)]
    assert after["screen"] == "card"
    assert world.terminal.settles >= 1


def test_touching_a_place_is_a_touch_there(url: str, world: FakeWorld) -> None:
    assert post(url, "/api/touch", {"x": 70, "y": 1210}).json()["screen"] == "card"
    assert world.terminal.touches == [(70, 1210)]


def test_touching_what_is_not_there_says_what_is(url: str, world: FakeWorld) -> None:
    body = refused(post(url, "/api/touch", {"id": "primary"}), 404, "no-such-element")
    assert "language.zh" in body["next"]
    assert world.terminal.touches == []


def test_touching_what_is_not_enabled_is_refused(url: str, world: FakeWorld) -> None:
    post(url, "/api/card/insert", {"persona": "parent"})
    refused(post(url, "/api/touch", {"id": "pin.ok"}), 409, "element-disabled")
    assert world.terminal.touches == []


def test_a_place_outside_the_display_is_refused(url: str) -> None:
    refused(post(url, "/api/touch", {"x": 1080, "y": 5}), 422, "outside-display")


@pytest.mark.parametrize(
    "body", [{}, {"x": 5}, {"id": "a", "x": 1, "y": 2}, {"id": "a", "y": 2}, {"id": 7}, {"id": "a", "twice": True}, []]
)
def test_a_touch_that_names_no_one_place_is_refused(url: str, body: object) -> None:
    refused(post(url, "/api/touch", body), 422, "malformed")


def test_typing_presses_the_pad(url: str, world: FakeWorld) -> None:
    post(url, "/api/card/insert", {"persona": "parent"})
    assert post(url, "/api/type", {"text": "123456"}).status_code == 200
    assert world.terminal.typed == ["123456"]
    refused(post(url, "/api/type", {"text": "x"}), 409, "no-such-key")


def test_a_key_of_the_keypad_is_pressed_and_a_digit_is_not_told(url: str, world: FakeWorld) -> None:
    assert post(url, "/api/key", {"key": "down"}).status_code == 200
    assert post(url, "/api/key", {"key": "7"}).status_code == 200
    assert world.terminal.keys == ["down", "7"]
    keys = [line["facts"] for line in get(url, "/api/log").json() if line["what"] == "hand.key"]
    assert keys == [{"key": "down"}, {"key": "digit"}]
    refused(post(url, "/api/key", {"key": "escape"}), 422, "malformed")
    refused(post(url, "/api/key", {"key": "skip"}), 409, "no-such-key")


def test_strokes_are_drawn_in_the_square_and_none_is_noted(url: str, world: FakeWorld) -> None:
    refused(post(url, "/api/draw", {"strokes": [[[5, 5]]]}), 409, "no-writing-square")
    world.terminal.name = "form"
    assert post(url, "/api/draw", {"strokes": [[[200, 250], [800, 250]], [[500, 251]]]}).status_code == 200
    assert world.terminal.strokes == [((200, 250), (800, 250)), ((500, 251),)]
    log = get(url, "/api/log").json()
    assert [line["facts"] for line in log if line["what"] == "hand.draw"] == [{"strokes": 2}]
    assert "251" not in str(log)
    for bad in ([], [[]], [[[5]]], [[[5, 1001]]], [[[-1, 5]]], [[[5, 5]] * 401], [[[5, 5]]] * 41):
        refused(post(url, "/api/draw", {"strokes": bad}), 422, "malformed")


def test_headphones_are_plugged_in_and_come_out_at_a_reset(url: str, world: FakeWorld) -> None:
    assert post(url, "/api/headphones", {"plugged": True}).status_code == 200
    assert world.listener.jack.plugged() is True
    post(url, "/api/reset")
    assert world.listener.jack.plugged() is False
    refused(post(url, "/api/headphones", {"plugged": "yes?"}), 422, "malformed")


def test_an_identity_card_lies_on_its_reader_until_it_is_taken_or_all_starts_afresh(url: str, world: FakeWorld) -> None:
    laid = post(url, "/api/card/identity", {"persona": "parent"}).json()
    assert laid["devices"]["identity"] == {"card": "parent"}
    assert post(url, "/api/card/identity", {"persona": None}).json()["devices"]["identity"] == {"card": None}
    post(url, "/api/card/identity", {"persona": "parent"})
    post(url, "/api/reset")
    assert world.pad.card is None
    refused(post(url, "/api/card/identity", {"persona": "nobody"}), 404, "no-such-persona")
    refused(post(url, "/api/card/identity", {}), 422, "malformed")


def test_what_was_spoken_is_told_in_order_and_forgotten_at_a_reset(url: str, world: FakeWorld) -> None:
    manner = Manner("yue-Hant", 6, 2)
    world.listener.engine.sound("saved", manner, lambda: True)
    world.listener.engine.say("公安局收到喇。", manner, lambda: True)
    first, second = get(url, "/api/speech").json()
    assert (first["kind"], first["text"]) == ("sound", "saved")
    assert second == {"n": 2, "kind": "say", "text": "公安局收到喇。", "language": "yue-Hant", "volume": 6, "pace": 2}
    assert [one["n"] for one in get(url, "/api/speech?after=1").json()] == [2]
    post(url, "/api/reset")
    assert get(url, "/api/speech").json() == []


def test_which_keys_were_pressed_is_not_in_the_log(url: str) -> None:
    post(url, "/api/card/insert", {"persona": "parent"})
    post(url, "/api/type", {"text": "424242"})
    post(url, "/api/touch", {"id": "pin.4"})
    post(url, "/api/touch", {"x": 400, "y": 1000})
    log = get(url, "/api/log").json()
    assert [line["facts"].get("id") for line in log if line["what"] == "hand.touch"] == ["key", "key"]
    assert "42" not in json.dumps([{**line, "at": ""} for line in log])


def test_a_pin_that_was_typed_is_not_in_the_recording(url: str) -> None:
    post(url, "/api/card/insert", {"persona": "parent"})
    post(url, "/api/type", {"text": "739182"})
    post(url, "/api/key", {"key": "ok"})
    written = get(url, "/api/recording", params={"name": "x"}).text
    assert "parent" in written
    for told in ("739182", "type", "key"):
        assert told not in written


def test_personas_come_with_a_story_and_a_whole_card(url: str) -> None:
    personas = get(url, "/api/personas").json()
    assert [persona["id"] for persona in personas] == ["parent", "blocked", "rare"]
    assert personas[0]["story"]["en"]
    assert personas[0]["note"]["zh-Hans"]
    assert personas[0]["card"]["profile"] == "citizen"


def test_a_card_goes_in_and_comes_out(url: str) -> None:
    assert post(url, "/api/card/insert", {"persona": "parent"}).json()["devices"]["slot"] == {"card": "parent"}
    refused(post(url, "/api/card/insert", {"persona": "rare"}), 409, "slot-full")
    assert post(url, "/api/card/remove").json()["devices"]["slot"] == {"card": None}
    refused(post(url, "/api/card/remove"), 409, "slot-empty")


def test_a_card_of_a_document_goes_in(url: str) -> None:
    card = {"profile": "citizen", "holder": {"name": "试"}}
    assert post(url, "/api/card/insert", {"card": card}).json()["devices"]["slot"] == {"card": "card"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"persona": "nobody"}, 404, "no-such-persona"),
        ({"card": {"profile": "citizen"}}, 422, "card-document-invalid"),
        ({}, 422, "malformed"),
        ({"persona": "parent", "card": {}}, 422, "malformed"),
    ],
)
def test_a_card_that_cannot_be_is_refused(url: str, body: object, status: int, code: str) -> None:
    refused(post(url, "/api/card/insert", body), status, code)


def test_a_refusal_never_repeats_the_holder(url: str) -> None:
    answer = post(url, "/api/card/insert", {"card": "440199199003070013", "persona": "parent"})
    assert answer.status_code == 422
    assert "440199199003070013" not in answer.text


def test_receipts_come_as_text_and_picture(url: str, world: FakeWorld) -> None:
    world.paper.put_out("T0001-000042", "编号 T0001-000042")
    receipts = get(url, "/api/receipts").json()
    assert receipts == [
        {"n": 1, "number": "T0001-000042", "state": "done", "reason": "", "copy": False}
        | {"text": "编号 T0001-000042", "picture": "/api/receipts/1.png"}
    ]
    picture = get(url, receipts[0]["picture"])
    assert Image.open(io.BytesIO(picture.content)).width == 576
    refused(get(url, "/api/receipts/2.png"), 404, "no-such-receipt")
    refused(get(url, "/api/receipts/0.png"), 422, "malformed")


def test_a_hand_takes_the_receipt_out_of_the_mouth_once(url: str, world: FakeWorld) -> None:
    world.paper.in_mouth = True
    assert post(url, "/api/receipts/take", {}).json() == {"taken": True}
    assert post(url, "/api/receipts/take", {}).json() == {"taken": False}


def test_the_network_keeps_what_is_not_named(url: str, world: FakeWorld) -> None:
    assert post(url, "/api/network", {"up": False}).json() == {"up": False, "latency_ms": 0, "loss": 0.0}
    assert get(url, "/api/state").json()["gateway"]["reachable"] is False
    assert post(url, "/api/network", {"latency_ms": 800}).json() == {"up": False, "latency_ms": 800, "loss": 0.0}
    assert post(url, "/api/network", {"up": True, "loss": 0.5}).json() == {"up": True, "latency_ms": 800, "loss": 0.5}
    refused(post(url, "/api/network", {"loss": 2}), 422, "malformed")
    assert world.network.now.loss == 0.5


def test_entries_are_what_the_gateway_holds(url: str, world: FakeWorld) -> None:
    entry: dict[str, object] = {
        "terminal": "T0001",
        "epoch": "e",
        "seq": 0,
        "id": "i",
        "document": {"kind": "application"},
    }
    world.gateway.held.append(entry)
    assert get(url, "/api/entries").json() == [entry]
    world.gateway.silent = True
    refused(get(url, "/api/entries"), 503, "gateway-silent")


def test_messages_are_what_the_gateway_sent(url: str, world: FakeWorld) -> None:
    assert get(url, "/api/messages").json()[0]["way"] == "sms"
    world.gateway.silent = True
    refused(get(url, "/api/messages"), 503, "gateway-silent")


def test_a_fault_is_set_listed_and_taken_back(url: str) -> None:
    answer = post(url, "/api/faults", {"device": "printer", "fault": "mute", "after": 100}).json()
    assert answer["faults"] == [{"device": "printer", "fault": "mute", "after": 100}]
    post(url, "/api/faults", {"device": "reader", "fault": "unplug"})
    left = requests.delete(url + "/api/faults", params={"device": "printer"}, timeout=TIMEOUT_S).json()
    assert left["faults"] == [{"device": "reader", "fault": "unplug", "after": None}]
    assert requests.delete(url + "/api/faults", timeout=TIMEOUT_S).json()["faults"] == []
    assert {"device": "printer", "fault": "paper-out", "counted": False} in get(url, "/api/faults").json()["offers"]
    refused(post(url, "/api/faults", {"device": "printer", "fault": "on-fire"}), 404, "no-such-fault")


def test_the_clock_only_goes_forward(url: str, world: FakeWorld) -> None:
    assert post(url, "/api/clock", {"advance_s": 120}).json()["devices"]["clock"]["offset_s"] == 120
    refused(post(url, "/api/clock", {"advance_s": -1}), 422, "malformed")
    assert world.clock.ahead_s == 120
    assert world.gateway.days == 0


def test_days_that_go_by_at_the_bench_go_by_in_the_offices_too(url: str, world: FakeWorld) -> None:
    post(url, "/api/clock", {"advance_s": 3 * 86_400 + 60})
    assert world.gateway.days == 3


def test_reset_starts_afresh_and_keeps_what_was_recorded(url: str, world: FakeWorld) -> None:
    post(url, "/api/card/insert", {"persona": "parent"})
    post(url, "/api/faults", {"device": "reader", "fault": "unplug"})
    post(url, "/api/network", {"up": False, "latency_ms": 9, "loss": 0.1})
    post(url, "/api/clock", {"advance_s": 120})
    world.paper.put_out("T0001-000001", "x")
    world.gateway.held.append({"seq": 0})
    state = post(url, "/api/reset").json()
    assert state["screen"] == "attract"
    assert state["devices"]["slot"] == {"card": None}
    assert state["devices"]["network"] == {"up": True, "latency_ms": 0, "loss": 0.0}
    assert state["devices"]["faults"] == []
    assert state["devices"]["clock"]["offset_s"] == 0
    assert get(url, "/api/receipts").json() == []
    assert get(url, "/api/entries").json() == [{"seq": 0}]
    assert [line["what"] for line in get(url, "/api/log").json()] == ["bench.reset"]


def test_a_terminal_that_does_not_come_to_rest_is_told(url: str, world: FakeWorld) -> None:
    world.terminal.stuck = True
    refused(post(url, "/api/card/insert", {"persona": "parent"}), 503, "terminal-busy")


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.5:80", "127.0.0.1.evil.example", "[::2]", ""])
def test_a_host_that_is_not_loopback_is_refused(url: str, host: str) -> None:
    refused(get(url, "/api/state", headers={"Host": host}), 421, "host-not-loopback")


@pytest.mark.parametrize("host", ["localhost:5", "127.0.0.1", "[::1]:9"])
def test_every_name_of_loopback_is_welcome(url: str, host: str) -> None:
    assert get(url, "/api/state", headers={"Host": host}).status_code == 200


def test_a_page_of_another_origin_cannot_drive_the_bench(url: str) -> None:
    refused(post(url, "/api/reset", headers={"Origin": "http://evil.example"}), 403, "foreign-origin")
    refused(post(url, "/api/reset", headers={"Origin": "null"}), 403, "foreign-origin")
    assert post(url, "/api/reset", headers={"Origin": url}).status_code == 200


def test_a_post_that_is_not_json_is_refused(url: str) -> None:
    answer = requests.post(url + "/api/touch", data={"id": "language.zh"}, timeout=TIMEOUT_S)
    refused(answer, 415, "not-json")
    headers = {"Content-Type": "application/json"}
    broken = requests.post(url + "/api/touch", data=b"{", headers=headers, timeout=TIMEOUT_S)
    refused(broken, 422, "malformed")


def test_unknown_ways_are_told_in_json(url: str) -> None:
    refused(get(url, "/api/nothing"), 404, "not-found")
    refused(get(url, "/api/touch"), 405, "method-not-allowed")


def test_the_contract_is_published(url: str) -> None:
    document = get(url, "/openapi.json").json()
    ways = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert ways >= {
        ("GET", "/api/state"),
        ("GET", "/api/screen.png"),
        ("GET", "/api/elements"),
        ("POST", "/api/touch"),
        ("POST", "/api/type"),
        ("GET", "/api/personas"),
        ("POST", "/api/card/insert"),
        ("POST", "/api/card/remove"),
        ("POST", "/api/faults"),
        ("DELETE", "/api/faults"),
        ("GET", "/api/receipts"),
        ("GET", "/api/receipts/{n}.png"),
        ("POST", "/api/clock"),
        ("POST", "/api/network"),
        ("GET", "/api/entries"),
        ("GET", "/api/messages"),
        ("POST", "/api/reset"),
        ("POST", "/api/key"),
        ("POST", "/api/draw"),
        ("POST", "/api/headphones"),
        ("POST", "/api/technician"),
        ("POST", "/api/reject"),
        ("POST", "/api/card/identity"),
        ("GET", "/api/speech"),
        ("GET", "/api/speech/{n}.wav"),
        ("POST", "/api/receipts/take"),
        ("GET", "/api/recording"),
        ("POST", "/api/play"),
        ("GET", "/api/log"),
    }


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BenchError) as caught:
            BenchServer(build_app(FakeWorld.make().ports()), taken.getsockname()[1])
    assert caught.value.code == "port-taken"


def test_the_interface_listens_on_loopback_only(url: str) -> None:
    port = int(url.rsplit(":", 1)[1])
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.2", port))
