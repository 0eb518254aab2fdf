"""Messages wait for a provider that is down, are tried again, given up in the end, and sent once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from provisioning.gateway.messages.carriers import (
    CarrierDown,
    Carriers,
    RecipientRefused,
)
from provisioning.gateway.messages.post import LEASE_MS, RETRY_MS, Message
from provisioning.gateway.messages.texts import Words
from tests.gateway_kit import GatewayKit
from tests.postgres_kit import shared
from tests.unit.message_kit import outbox


class Broken:
    """A carrier that is told what to raise."""

    def __init__(self, *raises: Exception | None) -> None:
        self.raises = list(raises)
        self.sent: list[tuple[str, str]] = []

    def send(self, key: str, to: str, words: Words, now_ms: int) -> None:
        error = self.raises.pop(0) if self.raises else None
        if error is not None:
            raise error
        self.sent.append((key, to))


def queued(kit: GatewayKit, *causes: str) -> None:
    values = {"service": "x"}
    kit.gateway.messages.post.queue(
        [Message(cause, "sms", "14000000021", "accepted", "en", "T0001-000001", values) for cause in causes],
        kit.clock.ms,
    )


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_provider_that_is_down_is_asked_again_later_and_again(kit: GatewayKit) -> None:
    carrier = Broken(CarrierDown("HTTP 503"), CarrierDown("HTTP 503"))
    desk = kit.gateway.messages
    desk.carriers = Carriers(carrier, carrier)
    queued(kit, "a", "b")
    assert desk.round().later == 2  # the second is not even tried
    assert len(carrier.raises) == 1
    assert desk.round().sent == 0  # not before its time
    kit.clock.pass_s(60)
    assert desk.round().later == 2
    kit.clock.pass_s(120)
    assert desk.round().sent == 2
    assert {key for key, _ in carrier.sent} == {f"kiosk-{kit.authority.ca_hash[:12]}-{n}" for n in (1, 2)}


def test_after_a_day_of_tries_a_message_is_given_up(kit: GatewayKit) -> None:
    desk = kit.gateway.messages
    desk.carriers = Carriers(*[Broken(*[CarrierDown("no")] * 50)] * 2)
    queued(kit, "a")
    rounds = [desk.round()]
    for wait_ms in RETRY_MS:
        kit.clock.ms += wait_ms
        rounds.append(desk.round())
    assert [(item.later, item.given_up) for item in rounds] == [(1, 0)] * len(RETRY_MS) + [(0, 1)]
    assert desk.post.counts().given_up == 1


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_number_that_does_not_exist_is_given_up_at_once_and_forgotten(kit: GatewayKit) -> None:
    desk = kit.gateway.messages
    desk.carriers = Carriers(Broken(), Broken(RecipientRefused("HTTP 422")))
    queued(kit, "a")
    assert desk.round().given_up == 1
    with kit.store.database.reading() as db:
        assert db.rows("SELECT state, problem, length(sealed) FROM message") == [("given-up", "recipient-refused", 0)]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_server_dies_between_sending_and_noting_and_the_citizen_reads_one_message(kit: GatewayKit) -> None:
    desk = kit.gateway.messages
    queued(kit, "a")
    (lost,) = desk.post.claim(kit.clock.ms, 5)
    words = desk.texts.words("accepted", "sms", "en", {"service": "x", "number": "1"})
    desk.carriers.sms.send(desk.post.key(lost), lost.message.to, words, kit.clock.ms)  # and then the power went
    assert desk.post.claim(kit.clock.ms, 5) == ()
    kit.clock.ms += LEASE_MS
    assert desk.round().sent == 1
    assert not desk.post.sent(lost, kit.clock.ms)  # the first server comes back: it is no longer its message
    assert len(outbox(kit)) == 1


def test_what_waits_is_sealed(kit: GatewayKit) -> None:
    queued(kit, "a")
    with kit.store.database.reading() as db:
        assert b"14000000021" not in bytes(db.rows("SELECT sealed FROM message")[0][0])


def test_several_servers_share_the_queue(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway", database=shared().database())
    queued(kit, *[f"cause-{n}" for n in range(60)])
    carrier = Broken()
    kit.gateway.messages.carriers = Carriers(carrier, carrier)

    def rounds() -> None:
        while kit.gateway.messages.round().sent:
            pass

    threads = [threading.Thread(target=rounds) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(carrier.sent) == len({key for key, _ in carrier.sent}) == 60
    kit.store.close()


def test_the_gateways_page_tells_that_messages_were_given_up(kit: GatewayKit) -> None:
    kit.gateway.messages.carriers = Carriers(Broken(), Broken(RecipientRefused("HTTP 422")))
    queued(kit, "a")
    assert "could not be delivered" not in kit.call("GET", "/").body.decode()
    kit.gateway.messages.round()
    assert "1 messages to citizens could not be delivered" in kit.call("GET", "/").body.decode()
