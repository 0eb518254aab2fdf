"""A terminal's certificate is renewed by itself; every way in which that can go wrong leaves a pair that works."""

from __future__ import annotations

import dataclasses
import datetime
import json
import random
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_cache import enrolment as enrolments
from offline_cache import service, state
from offline_cache.disk import files
from offline_cache.enrolment import Enrolment
from offline_cache.errors import BadReply, MalformedMessage, NotAuthorised, Refused, StorageFailed, Unavailable
from offline_cache.gateway import GatewayClient, signing_request
from offline_cache.joining.renewal import AGAIN_S, Renewer, due_at_ms, renew
from offline_cache.wire.fleet.joining import GRACE_DAYS, RENEW_PATH, decode_renewal, decode_renewed, encode_renewal
from provisioning.gateway import authority as authorities
from provisioning.gateway.server import openapi_document
from tests.gateway_kit import Clock, GatewayKit
from tests.outbox_tls import TlsGateway, answering, ask_to_join
from tests.unit.test_joining import Site

DAY_S = 86_400
LIFE_DAYS = authorities.TERMINAL_DAYS


class TerminalClock:
    """The terminal's clocks; the wall clock may be wrong, the other never goes back."""

    def __init__(self, gateway: Clock) -> None:
        self.gateway = gateway
        self.wrong_ms = 0

    def now_ms(self) -> int:
        return self.gateway.ms + self.wrong_ms

    def mono_ms(self) -> int:
        return self.gateway.ms

    def boot_id(self) -> str:
        return "test"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One gateway for all of this file; each test has a terminal of its own."""
    site = Site(tmp_path_factory.mktemp("renewal"))
    yield site
    site.stop()


@pytest.fixture
def site(gateway: Site, tmp_path: Path) -> Site:
    gateway.state = tmp_path / "state"
    gateway.state.mkdir(mode=0o700)
    gateway.kit.clock.ms = Clock(datetime.datetime.now(datetime.UTC)).ms
    gateway.kit.log.clear()
    return gateway


@pytest.fixture
def enrolment(site: Site) -> Enrolment:
    """A terminal that joined today."""
    return GatewayClient.enrol(
        site.url,
        site.kit.invite(str(site.state)),
        site.kit.authority.ca_hash,
        state.device(site.state).device,
        "m",
        site.state,
    )


def renewer(site: Site) -> tuple[Renewer, TerminalClock]:
    clock = TerminalClock(site.kit.clock)
    return Renewer(clock, random=lambda: 0.999), clock


def held(enrolment: Enrolment) -> x509.Certificate:
    return x509.load_pem_x509_certificate((enrolment.state_dir / enrolments.CERTIFICATE_FILE).read_bytes())


def days(site: Site, count: float) -> None:
    site.kit.clock.pass_s(count * DAY_S)


def test_a_third_of_its_life_before_the_end_it_is_renewed_and_the_key_stays(site: Site, enrolment: Enrolment) -> None:
    first, key = held(enrolment), (site.state / enrolments.KEY_FILE).read_bytes()
    keeper, _ = renewer(site)
    days(site, LIFE_DAYS * 2 / 3 - 2)
    assert keeper.keep(enrolment) is None
    assert held(enrolment) == first, "not yet"
    days(site, 3)
    assert keeper.due()
    assert keeper.keep(enrolment) is None
    assert held(enrolment).not_valid_after_utc - first.not_valid_after_utc > datetime.timedelta(days=LIFE_DAYS / 2)
    assert (site.state / enrolments.KEY_FILE).read_bytes() == key
    assert enrolments.load(site.state).terminal == enrolment.terminal
    assert not keeper.due()
    assert ("gateway.renewed", {"terminal": enrolment.terminal}) in site.kit.log


def opens(site: Site, certificate: x509.Certificate) -> str:
    """What the gateway says to whoever comes with it. TLS itself is by the machine's clock, so not over a socket."""
    answer = site.kit.call("GET", "/v1/health", certificate=certificate.public_bytes(Encoding.DER))
    return "ok" if answer.status == 200 else answer.code


def test_the_renewed_certificate_opens_the_gateway_and_the_old_one_still_does(site: Site, enrolment: Enrolment) -> None:
    first = held(enrolment)
    days(site, LIFE_DAYS * 0.8)
    assert renew(enrolment)
    assert opens(site, held(enrolment)) == "ok"
    assert opens(site, first) == "ok", "a program that is at work is not thrown out"


def test_an_answer_that_was_lost_is_given_again(site: Site, enrolment: Enrolment) -> None:
    days(site, LIFE_DAYS * 0.8)
    assert renew(enrolment)
    newer = held(enrolment)
    assert not renew(enrolment)
    assert held(enrolment) == newer


@pytest.mark.parametrize("late", [1, GRACE_DAYS - 1])
def test_a_terminal_that_was_switched_off_over_the_end_is_renewed_all_the_same(
    site: Site, enrolment: Enrolment, late: int
) -> None:
    keeper, _ = renewer(site)
    days(site, LIFE_DAYS + late)
    assert keeper.keep(enrolment) is None
    assert held(enrolment).not_valid_after_utc > site.kit.clock.now


def test_beyond_the_grace_a_technician_must_come_and_the_old_pair_stands(site: Site, enrolment: Enrolment) -> None:
    first = held(enrolment)
    days(site, LIFE_DAYS + GRACE_DAYS)
    with pytest.raises(Refused) as refused:
        renew(enrolment)
    assert refused.value.problem == "certificate-ended"
    assert held(enrolment) == first
    assert enrolments.load(site.state).terminal == enrolment.terminal


@pytest.mark.parametrize("when", [0.8, 1.1])
def test_a_revoked_terminal_gets_no_other_certificate_before_or_after_the_end(
    site: Site, enrolment: Enrolment, when: float
) -> None:
    first = held(enrolment)
    days(site, LIFE_DAYS * when)
    site.kit.store.revoke(enrolment.terminal)
    with pytest.raises(NotAuthorised, match="terminal-revoked"):
        renew(enrolment)
    assert held(enrolment) == first


def test_revocation_holds_for_the_certificate_before_and_the_one_after(site: Site, enrolment: Enrolment) -> None:
    first = held(enrolment)
    days(site, LIFE_DAYS * 0.8)
    renew(enrolment)
    site.kit.store.revoke(enrolment.terminal)
    assert opens(site, first) == opens(site, held(enrolment)) == "terminal-revoked"


def test_a_revoked_certificate_opens_nothing_that_asks_for_one(site: Site, enrolment: Enrolment) -> None:
    """Every operation of the contract that knows `unknown-terminal` looks at the deny-list, on every request."""
    document = cast("Any", openapi_document())
    asked = [
        (method, path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "unknown-terminal" in operation["responses"].get("4XX", {}).get("description", "") and path != RENEW_PATH
    ]
    assert len(asked) > 10
    certificate = held(enrolment).public_bytes(Encoding.DER)
    site.kit.store.revoke(enrolment.terminal)
    open_still = {
        (method, path): answer.status
        for method, path in asked
        if (answer := site.kit.call(method.upper(), re.sub(r"{\w+}", "1", path), b"{}", certificate=certificate)).status
        != 403
        or answer.code != "terminal-revoked"
    }
    assert open_still == {}


def test_a_key_that_nobody_certified_gets_nothing(site: Site, enrolment: Enrolment) -> None:
    stranger = dataclasses.replace(enrolment, private_key=Ed25519PrivateKey.generate())
    with pytest.raises(NotAuthorised, match="unknown-terminal"):
        renew(stranger)


def test_a_clock_far_ahead_asks_once_an_hour_and_is_given_nothing_twice(site: Site, enrolment: Enrolment) -> None:
    keeper, clock = renewer(site)
    clock.wrong_ms = 20 * 365 * DAY_S * 1000
    made: list[int] = []
    for _ in range(4):
        assert keeper.keep(enrolment) is None
        assert not keeper.due()
        assert keeper.keep(enrolment) is None
        made.append(len([event for event, _ in site.kit.log if event == "gateway.renewed"]))
        site.kit.clock.pass_s(AGAIN_S)
    assert made == [1, 2, 3, 4], "asked once each hour"
    with site.kit.store.database.reading() as db:
        made_for = db.rows("SELECT 1 FROM certificate WHERE terminal = ?", enrolment.terminal)
    assert len(made_for) == 2, "the first, and one that is fresh"


def test_without_a_gateway_it_is_tried_again_within_the_hour(site: Site, enrolment: Enrolment) -> None:
    away = dataclasses.replace(enrolment, gateway_url="https://127.0.0.1:9")
    keeper, _ = renewer(site)
    days(site, LIFE_DAYS * 0.8)
    assert keeper.keep(away) == "gateway-unavailable"
    assert not keeper.due()
    site.kit.clock.pass_s(AGAIN_S)
    assert keeper.due()
    assert keeper.keep(enrolment) is None
    assert not keeper.due()


# --- a gateway that answers something else --------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path: Path) -> Iterator[TlsGateway]:
    with TlsGateway(tmp_path / "other") as gateway:
        yield gateway


def answered(other: TlsGateway, folder: Path, status: int, body: bytes) -> Enrolment:
    joined = ask_to_join(other.url, other.authority.hash, folder)
    other.override = lambda handler: handler.path == RENEW_PATH and answering(status, body)(handler)
    return joined


def certified(authority: object, key: Ed25519PrivateKey, name: str) -> bytes:
    pem = authority.sign_request(signing_request(key, "d"), name)  # type: ignore[attr-defined]
    return json.dumps({"certificate": pem}).encode()


def test_a_certificate_of_another_authority_or_for_another_key_is_not_taken(other: TlsGateway, tmp_path: Path) -> None:
    from tests.outbox_tls import TestAuthority

    joined = answered(other, tmp_path / "state", 200, b"")
    first = held(joined)
    wrong = (
        certified(TestAuthority(), joined.private_key, "T0001"),
        certified(other.authority, Ed25519PrivateKey.generate(), "T0001"),
        b'{"certificate":"-----BEGIN"}',
        b"junk",
        b"{}",
    )
    for body in wrong:
        other.override = lambda handler, body=body: handler.path == RENEW_PATH and answering(200, body)(handler)
        with pytest.raises(BadReply):
            renew(joined)
        assert held(joined) == first
    other.override = answering(202, b"")
    with pytest.raises(Unavailable):
        renew(joined)


def test_a_busy_gateway_says_when_to_come_back_and_is_obeyed(other: TlsGateway, tmp_path: Path) -> None:
    joined = answered(other, tmp_path / "state", 503, b"")
    clock = TerminalClock(Clock(held(joined).not_valid_after_utc))
    keeper = Renewer(clock, random=lambda: 0.999)
    assert keeper.keep(joined) == "gateway-unavailable"
    other.override = _later
    clock.gateway.pass_s(AGAIN_S)
    assert keeper.keep(joined) == "gateway-unavailable"
    clock.gateway.pass_s(29)
    assert not keeper.due()
    clock.gateway.pass_s(1)
    assert keeper.due()


def _later(handler: object) -> bool:
    handler.send_response(503)  # type: ignore[attr-defined]
    handler.send_header("Retry-After", "30")  # type: ignore[attr-defined]
    handler.send_header("Content-Length", "0")  # type: ignore[attr-defined]
    handler.end_headers()  # type: ignore[attr-defined]
    return True


def test_a_certificate_file_that_somebody_damaged_is_told(site: Site, enrolment: Enrolment) -> None:
    (site.state / enrolments.CERTIFICATE_FILE).write_text("x")
    keeper, _ = renewer(site)
    assert keeper.keep(enrolment) == "malformed"
    with pytest.raises(MalformedMessage):
        renew(enrolment)


# --- a plug that is pulled ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["open", "fsync", "replace", "sync_folder"])
def test_a_plug_pulled_at_any_step_of_the_renewal_leaves_a_pair_that_works(
    site: Site, enrolment: Enrolment, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends at that step; the next start finds key and certificate that fit, and renews after all."""
    days(site, LIFE_DAYS * 0.8)

    def pulled(*_: object, **__: object) -> None:
        raise OSError(5, "pulled")

    target = {"open": (files.os, "open"), "fsync": (files.os, "fsync"), "replace": (Path, "replace"),
              "sync_folder": (files, "sync_folder")}[step]  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(*target, pulled)
        with pytest.raises(StorageFailed):
            renew(enrolment)
    again = enrolments.load(site.state)
    assert opens(site, held(again)) == "ok"
    renew(again)
    assert held(again).not_valid_after_utc > site.kit.clock.now + datetime.timedelta(days=LIFE_DAYS * 2 / 3)
    assert sorted(path.name for path in site.state.glob(".terminal.crt*")) == []


def test_a_disk_that_cuts_the_answer_short_at_any_byte_never_shows_half_a_certificate(
    site: Site, enrolment: Enrolment
) -> None:
    """What lies beside the file, of whatever length, is never taken for it."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    pem = (site.state / enrolments.CERTIFICATE_FILE).read_bytes()
    for cut in random.Random(seed).sample(range(len(pem)), 5):
        (site.state / ".terminal.crt.000000000000").write_bytes(pem[:cut])
        assert enrolments.load(site.state).terminal == enrolment.terminal


# --- the services ---------------------------------------------------------------------------------------------------


def test_the_sync_service_renews_while_it_waits_and_goes_on_sending(
    site: Site, enrolment: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wall clock of the terminal reaches the last third while the service runs; nobody restarts it."""
    clock = TerminalClock(site.kit.clock)
    first = held(enrolment)
    stop, renewed = threading.Event(), threading.Event()
    log = site.kit.gateway.log

    def noticing(event: str, facts: Mapping[str, object]) -> None:
        log(event, facts)
        if event == "gateway.renewed":
            renewed.set()

    monkeypatch.setattr(site.kit.gateway, "log", noticing)
    thread = threading.Thread(target=service.serve, args=(site.state, stop, clock))
    thread.start()
    try:
        days(site, LIFE_DAYS * 0.8)
        assert renewed.wait(20)
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()
    assert held(enrolment).not_valid_after_utc > first.not_valid_after_utc


# --- the messages ---------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_renewal_are_refused(data: bytes) -> None:
    for read in (decode_renewal, decode_renewed):
        with pytest.raises(MalformedMessage):
            read(data)


def test_a_request_that_is_none_or_has_more_in_it_is_refused_by_the_gateway(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway")
    for body in (b"", b'{"csr":"x"}', encode_renewal("x")[:-1] + b',"more":1}', b"x" * 20_000):
        answer = kit.call("POST", RENEW_PATH, body)
        assert answer.code in {"malformed", "too-large"}
    kit.store.close()


def test_due_is_when_a_third_is_left(site: Site, enrolment: Enrolment) -> None:
    certificate = held(enrolment)
    left_s = certificate.not_valid_after_utc.timestamp() - due_at_ms(certificate) / 1000
    assert left_s / DAY_S == pytest.approx((LIFE_DAYS + 1) / 3)
