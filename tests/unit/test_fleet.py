"""The fleet at the gateway: heartbeats, who must go, metrics, signed orders, alerts, waves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from offline_cache.errors import MalformedMessage
from offline_cache.messages import sign1
from offline_cache.wire.fleet.heartbeat import GAUGES, Heartbeat, decode_heartbeat, encode_heartbeat
from provisioning.gateway.fleet.alerts import Alerts
from provisioning.gateway.fleet.rollout import place
from provisioning.gateway.fleet.settings import FleetSettingsInvalid, load_settings
from tests.fleet_kit import beat, operator, orders, pulse
from tests.gateway_kit import GatewayKit, Terminal


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[GatewayKit]:
    kit = GatewayKit(tmp_path / "gateway")
    yield kit
    kit.store.close()


def causes(kit: GatewayKit, terminal: Terminal) -> list[str]:
    return [cause.code for cause in kit.gateway.fleet.one(terminal.name).causes]


# --- heartbeats -----------------------------------------------------------------------------------------------------


def test_a_terminal_tells_how_it_is_and_the_newest_counts(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    assert pulse(beat(terminal, outbox_pending=3), kit).terminal == terminal.name
    kit.clock.pass_s(60)
    assert pulse(beat(terminal, paper_level=0, roll_left_mm=0), kit).now_ms == kit.clock.ms
    (found,) = kit.call("GET", "/v1/fleet", headers=operator(kit)).json["terminals"]
    assert (found["terminal"], found["gauges"]["outbox_pending"]) == (terminal.name, 0)
    assert [item["code"] for item in found["causes"]] == ["paper-out"]
    assert len(kit.gateway.fleet.beats.hours(terminal.name, 0)) == 1


def test_a_heartbeat_of_another_key_name_or_form_changes_nothing(lite: GatewayKit) -> None:
    terminal, other = lite.enrol(), lite.enrol()
    told = Heartbeat(other.name, 1, "b", {})
    assert terminal.post("/v1/heartbeat", sign1(encode_heartbeat(told), terminal.key)).code == "wrong-terminal"
    assert terminal.post("/v1/heartbeat", sign1(encode_heartbeat(told), other.key)).code == "bad-signature"
    assert terminal.post("/v1/heartbeat", b"\x00" * 40).code == "malformed"
    assert beat(terminal, paper_level=3).code == "malformed"
    assert terminal.post("/v1/heartbeat", b"x" * 9000).code == "too-large"
    assert lite.call("POST", "/v1/heartbeat").code == "unknown-terminal"
    lite.store.revoke(terminal.name)
    assert beat(terminal).code == "terminal-revoked"
    assert lite.gateway.fleet.beats.newest() == {}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_heartbeat_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode_heartbeat(data)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(GAUGES)), st.integers(0, 1)), st.lists(st.just("seq-gap"), max_size=3))
def test_what_a_terminal_tells_arrives_as_it_was_told(gauges: dict[str, int], faults: list[str]) -> None:
    told = Heartbeat("T0001", 7, "boot", gauges, {"slot": "A"}, tuple(faults), {"ab" * 16: "done"})
    assert decode_heartbeat(encode_heartbeat(told)) == told


def test_a_newer_terminal_s_unknown_gauge_is_passed_over(lite: GatewayKit) -> None:
    told = Heartbeat("T0001", 7, "boot", {"warp_factor": 9, "app_up": 1}, {"mood": "good", "slot": "B"})
    read = decode_heartbeat(encode_heartbeat(told))
    assert (read.gauges, read.facts) == ({"app_up": 1}, {"slot": "B"})


# --- who must go ----------------------------------------------------------------------------------------------------


def test_who_falls_silent_is_first_and_says_nothing_old(lite: GatewayKit) -> None:
    silent, low, well = lite.enrol(), lite.enrol(), lite.enrol()
    beat(silent, paper_level=0)
    lite.clock.pass_s(601)
    beat(low, paper_level=1)
    beat(well)
    assert [one.terminal.name for one in lite.gateway.fleet.fleet()] == [silent.name, low.name, well.name]
    assert causes(lite, silent) == ["silent"]
    metrics = lite.call("GET", "/metrics", headers=operator(lite)).body.decode()
    assert f'kiosk_paper_level{{terminal="{silent.name}"}}' not in metrics
    assert f'kiosk_silent{{terminal="{silent.name}"}} 1.0' in metrics


@pytest.mark.parametrize(
    ("gauges", "code"),
    [
        ({"app_up": 0}, "app-down"), ({"reader_up": 0}, "reader-fault"), ({"paper_level": 0}, "paper-out"),
        ({"out_of_service": 1}, "out-of-service"),
        ({"cover_open": 1, "printer_up": 0}, "cover-open"), ({"printer_up": 0}, "printer-fault"),
        ({"card_reads_total": 20, "card_read_failures_total": 10}, "reads-failing"),
        ({"clock_offset_ms": -70_000}, "clock-off"), ({"disk_free_mb": 500}, "disk-full"),
        ({"disk_wear_percent": 90}, "disk-worn"), ({"temperature_celsius": 85}, "hot"),
        ({"roll_left_mm": 900}, "paper-low"), ({"outbox_pending": 2, "outbox_oldest_age_s": 900}, "backlog"),
    ],
)  # fmt: skip
def test_each_trouble_is_named_and_only_it(lite: GatewayKit, gauges: dict[str, int], code: str) -> None:
    terminal = lite.enrol()
    beat(terminal, **gauges)
    assert causes(lite, terminal) == [code]
    beat(terminal)
    assert causes(lite, terminal) == []


def test_a_terminal_that_joined_and_never_came_and_one_whose_certificate_ends_are_named(lite: GatewayKit) -> None:
    lost, ending = lite.enrol(), lite.enrol()
    lite.clock.pass_s(86 * 86_400)
    beat(ending)
    assert causes(lite, lost) == ["never-heard"]
    assert causes(lite, ending) == ["certificate-ends"]


# --- metrics --------------------------------------------------------------------------------------------------------


def test_prometheus_reads_every_gauge_in_base_units(lite: GatewayKit) -> None:
    terminal = lite.enrol()
    beat(terminal, roll_left_mm=42_500, clock_offset_ms=-250, disk_free_mb=3000, card_reads_total=12)
    assert lite.call("GET", "/metrics").code == "operator-required"
    answer = lite.call("GET", "/metrics", headers=operator(lite))
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
    values = {s.name: s.value for family in families.values() for s in family.samples if s.labels.get("terminal")}
    assert values["kiosk_roll_left_meters"] == 42.5
    assert values["kiosk_clock_offset_seconds"] == -0.25
    assert values["kiosk_disk_free_bytes"] == 3e9
    assert values["kiosk_card_reads_total"] == 12
    assert values["kiosk_outbox_pending"] == 0
    assert len([name for name in families if name.startswith("kiosk_")]) >= len(GAUGES)


# --- orders ---------------------------------------------------------------------------------------------------------


def give(kit: GatewayKit, terminal: str, kind: str = "restart", minutes: int = 15) -> object:
    body = json.dumps({"kind": kind, "minutes": minutes}).encode()
    return kit.call("POST", f"/v1/fleet/{terminal}/orders", body, headers=operator(kit))


def test_an_order_goes_out_signed_until_it_is_answered_and_is_given_once(kit: GatewayKit) -> None:
    terminal, other = kit.enrol(), kit.enrol()
    first, again = give(kit, terminal.name), give(kit, terminal.name)
    assert first.json["id"] == again.json["id"]
    assert orders(beat(other), kit) == []
    (order,) = orders(beat(terminal), kit)
    assert (order.kind, order.terminal, order.expires_ms) == ("restart", terminal.name, kit.clock.ms + 900_000)
    assert [one.id for one in orders(beat(terminal), kit)] == [order.id], "an answer may be lost: it comes again"
    beat(other, done={order.id: "failed"})
    assert [one.id for one in orders(beat(terminal), kit)] == [order.id], "only its own terminal answers it"
    assert orders(beat(terminal, done={order.id: "done"}), kit) == []
    beat(terminal, done={order.id: "failed"})
    (state,) = kit.call("GET", f"/v1/fleet/{terminal.name}/orders", headers=operator(kit)).json["orders"]
    assert state["outcome"] == "done"


def test_an_order_expires_and_what_is_not_on_the_list_is_refused(lite: GatewayKit) -> None:
    terminal = lite.enrol()
    assert give(lite, terminal.name, "shell").code == "malformed"
    assert give(lite, terminal.name, "reboot", 0).code == "malformed"
    assert give(lite, "T9999").code == "not-found"
    assert lite.call("POST", f"/v1/fleet/{terminal.name}/orders", b"{}").code == "operator-required"
    give(lite, terminal.name, "reboot", 1)
    lite.clock.pass_s(60)
    assert orders(beat(terminal), lite) == []
    assert lite.gateway.fleet.orders.of(terminal.name, lite.clock.ms)[0].outcome == "expired"


# --- alerts ---------------------------------------------------------------------------------------------------------


class Hook:
    def __init__(self) -> None:
        self.up = True
        self.tried = 0
        self.heard: list[tuple[str, str, str]] = []
        self.keys: list[str] = []

    def __call__(self, key: str, alerts: Sequence[dict[str, object]]) -> bool:
        self.tried += 1
        self.keys.append(key)
        if self.up:
            self.heard += [(str(one["terminal"]), str(one["cause"]), str(one["state"])) for one in alerts]
        return self.up


def test_a_cause_is_told_once_and_its_end_once(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    hook = kit.gateway.fleet.send = Hook()
    for _ in range(3):
        beat(terminal, paper_level=0)
        kit.gateway.fleet.work()
    assert hook.heard == [(terminal.name, "paper-out", "open")]
    beat(terminal)
    kit.gateway.fleet.work()
    kit.gateway.fleet.work()
    assert hook.heard[1:] == [(terminal.name, "paper-out", "ended")]
    beat(terminal, outbox_pending=5, outbox_oldest_age_s=5000)
    kit.gateway.fleet.work()
    assert len(hook.heard) == 2, "a backlog is nothing to run for"


def test_a_hook_that_is_down_hears_later_with_the_same_key_and_is_not_hammered(lite: GatewayKit) -> None:
    terminal = lite.enrol()
    hook = lite.gateway.fleet.send = Hook()
    hook.up = False
    beat(terminal, cover_open=1)
    for _ in range(20):
        lite.gateway.fleet.work()
    assert hook.tried == 1
    lite.clock.pass_s(11)
    lite.gateway.fleet.work()
    assert hook.tried == 2
    hook.up = True
    lite.clock.pass_s(25)
    lite.gateway.fleet.work()
    assert hook.heard == [(terminal.name, "cover-open", "open")]
    assert len(set(hook.keys)) == 1


def test_a_terminal_that_falls_silent_has_not_mended_its_printer(lite: GatewayKit) -> None:
    terminal = lite.enrol()
    hook = lite.gateway.fleet.send = Hook()
    beat(terminal, cover_open=1)
    lite.gateway.fleet.work()
    lite.clock.pass_s(700)
    lite.gateway.fleet.work()
    assert hook.heard == [(terminal.name, "cover-open", "open"), (terminal.name, "silent", "open")]
    beat(terminal)
    lite.gateway.fleet.work()
    assert sorted(hook.heard[2:]) == [(terminal.name, "cover-open", "ended"), (terminal.name, "silent", "ended")]


def test_what_was_over_before_anybody_could_be_told_is_not_told(lite: GatewayKit) -> None:
    terminal = lite.enrol()
    beat(terminal, cover_open=1)
    lite.gateway.fleet.work()
    beat(terminal)
    lite.gateway.fleet.work()
    assert Alerts(lite.store.database).waiting() == []


# --- waves ----------------------------------------------------------------------------------------------------------

WAVES = "[rollout]\npercent = [10, 50, 100]\neach_min = 30\nhalt_percent = 5\n"


class Rolling:
    """Forty terminals, and a configuration in waves of 10, 50 and 100 %."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "fleet.toml").write_text(WAVES)
        self.kit = GatewayKit(folder)
        self.terminals = [self.kit.enrol() for _ in range(40)]
        self.versions = {terminal.name: 0 for terminal in self.terminals}
        self.publish(1)
        self.fetch()

    def publish(self, version: int) -> None:
        text = f"version = {version}\n[settings]\nidle_timeout_s = {40 + version}\n"
        (self.kit.folder / "configuration.toml").write_text(text)

    def fetch(self, **sick: int) -> list[str]:
        """Every terminal fetches and reports; returns who has the newest. `sick` gauges befall those who got it now."""
        from offline_cache.messages import json_object, verify1

        for terminal in self.terminals:
            answer = self.kit.call("GET", "/v1/configuration", certificate=terminal.certificate)
            key = self.kit.authority.signing_key.public_key()
            version = int(str(json_object(verify1(answer.body, key))["version"]))
            new = version > self.versions[terminal.name]
            self.versions[terminal.name] = max(version, self.versions[terminal.name])
            facts = {"configuration": str(self.versions[terminal.name])}
            self.kit.clock.pass_s(1)
            beat(terminal, facts=facts, **(sick if new else {}))
        self.kit.gateway.fleet.work()
        newest = max(self.versions.values())
        return [name for name, version in self.versions.items() if version == newest]

    def pass_min(self, minutes: int) -> None:
        self.kit.clock.pass_s(minutes * 60)


@pytest.fixture
def rolling(tmp_path: Path) -> Iterator[Rolling]:
    rolling = Rolling(tmp_path / "gateway")
    yield rolling
    rolling.kit.store.close()


def test_a_new_configuration_goes_out_in_waves_and_each_wave_is_watched(rolling: Rolling) -> None:
    rolling.publish(2)
    first = rolling.fetch()
    assert 1 <= len(first) < 12
    rolling.pass_min(9)
    assert rolling.fetch() == first, "not before the wave was watched"
    rolling.pass_min(22)
    rolling.fetch()
    second = rolling.fetch()
    assert set(first) < set(second)
    assert len(second) < 40
    rolling.pass_min(31)
    rolling.fetch()
    assert len(rolling.fetch()) == 40
    rolling.pass_min(31)
    rolling.fetch()
    states = {one.what: one.state for one in rolling.kit.gateway.fleet.rollouts.current()}
    assert states == {"configuration": "done"}


def test_a_configuration_that_makes_terminals_ill_halts_by_itself(rolling: Rolling) -> None:
    rolling.pass_min(5)
    rolling.fetch()
    rolling.publish(2)
    rolling.pass_min(1)
    ill = rolling.fetch(reader_up=0)
    rolling.pass_min(60)
    assert rolling.fetch() == ill, "nobody else gets it, and who has it keeps it"
    (halted,) = rolling.kit.gateway.fleet.rollouts.current()
    assert halted.state == "halted"
    assert halted.why.split(": ")[1].split(" ")[0] in ill
    rolling.publish(3)
    assert rolling.fetch() != []
    assert rolling.kit.gateway.fleet.rollouts.current()[0].state == "rolling"


def test_a_trouble_that_was_there_before_does_not_halt(rolling: Rolling) -> None:
    for terminal in rolling.terminals:
        beat(terminal, facts={"configuration": "1"}, cover_open=1)
    rolling.kit.gateway.fleet.work()
    rolling.pass_min(1)
    rolling.publish(2)
    for terminal in rolling.terminals:
        rolling.kit.call("GET", "/v1/configuration", certificate=terminal.certificate)
        beat(terminal, facts={"configuration": "2"}, cover_open=1)
    rolling.kit.gateway.fleet.work()
    assert rolling.kit.gateway.fleet.rollouts.current()[0].state == "rolling"


def test_a_single_terminal_is_a_wave_and_the_order_is_another_for_each_version() -> None:
    names = [f"T{n:04d}" for n in range(1000)]
    first = {name for name in names if place("1", name) < 10_000}
    other = {name for name in names if place("2", name) < 10_000}
    assert 2 <= len(first) <= 25
    assert first != other


@pytest.mark.parametrize(
    "text",
    [
        "x = [", "[hook]\nurl = 'https://a'", "[webhook]\nurl = 'ftp://a'", "[webhook]\nurl = 'https://a'\ncolour = 1",
        "[rollout]\npercent = [10, 5, 100]", "[rollout]\npercent = [1, 10]", "[rollout]\neach_min = 0",
        "[webhook]\nurl = 'https://a'\ntoken_file = 'nowhere'",
    ],
)  # fmt: skip
def test_settings_of_the_fleet_that_cannot_be_used_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "fleet.toml").write_text(text)
    with pytest.raises(FleetSettingsInvalid, match=r"fleet\.toml"):
        load_settings(tmp_path)
