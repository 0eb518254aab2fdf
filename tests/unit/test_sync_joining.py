"""Joining a gateway over real TLS, and the service that starts sending when it has joined."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app as kiosk
from offline_cache import enrolment, seal, service, state
from offline_cache.errors import (
    AuthorityMismatch,
    BadReply,
    EnrolmentDamaged,
    NotEnrolled,
    TokenInvalid,
    Untrusted,
)
from offline_cache.sync import read_status
from tests.outbox_bench import note, writer
from tests.outbox_tls import Handler, TestAuthority, TlsGateway, answering, ask_to_join, folder, gateway, join

__all__ = ["folder", "gateway"]


# ------------------------------------------------------------------------------------------------------ joining


def test_a_terminal_joins_with_token_and_hash(gateway: TlsGateway, folder: Path) -> None:
    with writer(folder) as app:
        note(app)
    joined = join(gateway, folder)
    assert (joined.terminal, joined.site) == ("T0001", {"name.en": "Test hall"})
    assert joined.device == state.device(folder).device
    assert enrolment.load(folder).terminal == "T0001"
    assert not (folder / seal.LOCAL_KEY_FILE).exists()
    assert not [path.name for path in folder.iterdir() if "joining" in path.name]


def test_another_authority_than_the_invitation_says_gets_no_token(gateway: TlsGateway, folder: Path) -> None:
    with pytest.raises(AuthorityMismatch):
        ask_to_join(gateway.url, TestAuthority().hash, folder)
    assert gateway.tokens == {"good-token"}
    assert [path for _, path, _ in gateway.seen] == ["/v1/ca"]
    assert not enrolment.is_enrolled(folder)


def test_a_server_that_only_shows_the_right_authority_gets_no_token(tmp_path: Path, folder: Path) -> None:
    """It copies the real authority's certificate, but has no certificate of it."""
    real = TestAuthority()
    with TlsGateway(tmp_path / "impostor") as impostor:
        impostor.override = lambda handler: handler.path == "/v1/ca" and answering(200, real.pem)(handler)
        with pytest.raises(Untrusted):
            ask_to_join(impostor.url, real.hash, folder)
        assert [path for _, path, _ in impostor.seen] == ["/v1/ca"]


def test_a_used_token_is_refused_and_nothing_is_kept(gateway: TlsGateway, folder: Path) -> None:
    with pytest.raises(TokenInvalid):
        ask_to_join(gateway.url, gateway.authority.hash, folder, "used-token")
    assert not enrolment.is_enrolled(folder)


def test_an_answer_with_another_authority_inside_is_refused(gateway: TlsGateway, folder: Path) -> None:
    honest = gateway.authority.pem
    gateway.authority.pem = TestAuthority().pem

    def act(handler: Handler) -> bool:
        return handler.path == "/v1/ca" and answering(200, honest)(handler)

    gateway.override = act
    with pytest.raises(BadReply, match="hash"):
        ask_to_join(gateway.url, gateway.authority.hash, folder)
    assert not enrolment.is_enrolled(folder)


@pytest.mark.parametrize("body", [b"", b"junk", b"{}"])
def test_garbage_in_place_of_an_authority_is_refused(gateway: TlsGateway, folder: Path, body: bytes) -> None:
    gateway.override = answering(200, body)
    with pytest.raises(BadReply):
        ask_to_join(gateway.url, gateway.authority.hash, folder)


def test_an_address_without_tls_is_refused(folder: Path) -> None:
    for url in ("http://127.0.0.1:9", "ftp://127.0.0.1", "nonsense"):
        with pytest.raises(EnrolmentDamaged, match="https"):
            ask_to_join(url, "0" * 64, folder)


# ---------------------------------------------------------------------------------------------------- the service


def test_draining_over_tls_sends_what_waits_and_fetches_the_catalogue(gateway: TlsGateway, folder: Path) -> None:
    with writer(folder) as app:
        for _ in range(3):
            note(app)
    with pytest.raises(NotEnrolled):
        service.drain(folder)
    join(gateway, folder)
    drained = service.drain(folder)
    assert (drained.sent, drained.acked_through, drained.pending, drained.problem) == (3, 3, 0, None)
    assert (folder / "catalogue.cbor").exists()
    again = service.drain(folder)
    assert (again.sent, again.problem, again.unheard) == (0, None, None)
    gateway.override = answering(503, b"{}")
    quiet = service.drain(folder)
    assert (quiet.pending, quiet.problem, quiet.unheard) == (0, None, "gateway-unavailable")
    told = CliRunner().invoke(kiosk, ["sync", "once", "--state", str(folder), "--json"])
    assert json.loads(told.stdout)["unheard"] == "gateway-unavailable"
    assert "could not be fetched [gateway-unavailable]. Look at the cable" in told.stderr
    assert told.exit_code == 0, "nothing stayed behind"


def test_the_service_waits_for_an_enrolment_and_then_sends(gateway: TlsGateway, folder: Path) -> None:
    stop, arrived = threading.Event(), threading.Event()
    accept = gateway.model.accept

    def notice(body: bytes) -> bytes:
        arrived.set()
        return accept(body)

    gateway.model.accept = notice
    with writer(folder) as app:
        note(app)
        thread = threading.Thread(target=service.serve, args=(folder, stop))
        thread.start()
        try:
            join(gateway, folder)
            assert arrived.wait(20)
        finally:
            stop.set()
            thread.join(20)
    assert not thread.is_alive()
    said = read_status(folder)
    assert said is not None
    assert said.state in {"idle", "sending"}
