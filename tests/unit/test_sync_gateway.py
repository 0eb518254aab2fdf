"""The client against a real TLS server on this machine: who is trusted, what is sent, and every bad answer."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_cache import enrolment
from offline_cache.errors import (
    BadReply,
    CacheError,
    EnrolmentDamaged,
    NotAuthorised,
    Refused,
    SeqConflict,
    SeqGap,
    TooLarge,
    Unavailable,
    Untrusted,
)
from offline_cache.gateway import GatewayClient
from offline_cache.messages import Batch, decode_lookup_request, json_dumps, lookup_context
from offline_cache.wire.refusal import refusal, retry_after
from tests.outbox_bench import note, writer
from tests.outbox_tls import QUICK, Handler, TestAuthority, TlsGateway, answering, folder, gateway, join

__all__ = ["folder", "gateway"]


@pytest.fixture
def client(gateway: TlsGateway, folder: Path) -> Iterator[GatewayClient]:
    made = GatewayClient(join(gateway, folder))
    yield made
    made.close()


def one_batch(folder: Path) -> Batch:
    with writer(folder) as outbox:
        note(outbox)
        batch = outbox.batch()
    assert batch is not None
    return batch


# ------------------------------------------------------------------------------------------------------ sending


def test_a_batch_travels_and_its_receipt_comes_back(gateway: TlsGateway, client: GatewayClient, folder: Path) -> None:
    batch = one_batch(folder)
    receipt = client.push(batch)
    assert (receipt.ack.acked_through, receipt.ack.head) == (1, batch.head)
    _, path, headers = gateway.seen[-1]
    assert path == "/v1/entries"
    assert headers["Content-Type"].startswith("application/cose")
    assert headers["Idempotency-Key"].startswith(f"{batch.epoch}-1-1-")
    assert [document["n"] for *_, document in gateway.model.documents()] == [1]


def test_one_connection_serves_many_requests(gateway: TlsGateway, client: GatewayClient) -> None:
    before = gateway.connections
    for _ in range(5):
        assert client.health() == 1_700_000_000_000
    assert gateway.connections == before + 1


def test_a_proxy_or_a_bundle_in_the_environment_changes_nothing(
    client: GatewayClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    assert client.health() > 0


def test_a_terminal_without_its_certificate_is_not_served(gateway: TlsGateway, folder: Path) -> None:
    joined = join(gateway, folder)
    client = GatewayClient(joined)
    client._http._session.cert = None
    with pytest.raises(NotAuthorised):
        client.nonce()


def test_a_certificate_of_another_authority_is_not_accepted(gateway: TlsGateway, folder: Path) -> None:
    joined = join(gateway, folder)
    request = GatewayClient.enrol.__globals__["signing_request"](joined.private_key, joined.device)
    (folder / enrolment.CERTIFICATE_FILE).write_text(TestAuthority().sign_request(request, "T0001"))
    with pytest.raises((NotAuthorised, Unavailable)):
        GatewayClient(joined).nonce()


def test_a_server_of_another_authority_is_not_trusted(gateway: TlsGateway, folder: Path) -> None:
    joined = join(gateway, folder)
    (folder / enrolment.CA_FILE).write_bytes(TestAuthority().pem)
    with pytest.raises(Untrusted):
        GatewayClient(joined).health()
    (folder / enrolment.CA_FILE).unlink()
    with pytest.raises(EnrolmentDamaged):
        GatewayClient(joined).health()


@pytest.mark.parametrize(
    ("status", "body", "leaf"),
    [
        (401, b"", NotAuthorised),
        (403, b"<html>", NotAuthorised),
        (403, b'{"type":"/problems/terminal-revoked"}', NotAuthorised),
        (409, b'{"type":"/problems/seq-gap","expected_seq":7}', SeqGap),
        (409, b'{"type":"/problems/seq-gap","expected_seq":true}', BadReply),
        (409, b'{"type":"/problems/seq-gap","expected_seq":0}', BadReply),
        (409, b'{"type":"/problems/seq-gap"}', BadReply),
        (409, b'{"type":"/problems/seq-conflict"}', SeqConflict),
        (413, b"", TooLarge),
        (400, b'{"type":"/problems/too-large"}', TooLarge),
        (400, b'{"type":"/problems/chain-broken"}', Refused),
        (403, b'{"type":"/problems/card-refused"}', Refused),
        (408, b"", Unavailable),
        (429, b"", Unavailable),
        (500, b"", Unavailable),
        (503, b'{"type":"/problems/overloaded"}', Unavailable),
        (302, b"", BadReply),
        (404, b"<html>not here</html>", BadReply),
        (204, b"", BadReply),
        (200, b"", BadReply),
        (200, b"\xd2\x84\x43\xa1\x01\x27\xa0", BadReply),
        (200, b"x" * 70_000, BadReply),
    ],
)
def test_every_answer_has_its_leaf(
    gateway: TlsGateway, client: GatewayClient, folder: Path, status: int, body: bytes, leaf: type[CacheError]
) -> None:
    batch = one_batch(folder)
    gateway.override = answering(status, body)
    with pytest.raises(leaf) as caught:
        client.push(batch)
    assert type(caught.value) is leaf


def test_a_redirect_is_not_followed(gateway: TlsGateway, client: GatewayClient) -> None:
    gateway.override = answering(302, b"", {"Location": gateway.url + "/v1/health"})
    seen = len(gateway.seen)
    with pytest.raises(BadReply):
        client.health()
    assert len(gateway.seen) == seen + 1


def test_the_next_batch_is_read_and_signed_while_the_gateway_works(
    gateway: TlsGateway, client: GatewayClient, folder: Path
) -> None:
    batch, looked = one_batch(folder), threading.Event()

    def only_after_the_look(handler: Handler) -> bool:
        assert looked.wait(10), "the terminal waits for the answer before it looks ahead"
        return False

    def look_ahead() -> Batch:
        looked.set()
        return batch

    gateway.override = only_after_the_look
    first = client.push(batch, look_ahead)
    assert client._ahead is not None
    assert client._ahead[0] is batch
    again = client.push(batch, lambda: None)  # the same once more: what was signed ahead is sent
    assert (first.ack.acked_through, again.ack.acked_through) == (1, 1)
    assert gateway.bodies[-1] == gateway.bodies[-2]
    assert client._ahead is None


@pytest.mark.parametrize(
    ("fine", "wait_s"),
    [(1370, 1.37), (2000, 2.0), (1000, 2.0), (2001, 2.0), (0, 2.0), (-5, 2.0), ("1500", 2.0), (True, 2.0), (1.5, 2.0)],
)
def test_a_finer_time_in_the_problem_counts_where_it_agrees_with_the_header(fine: object, wait_s: float) -> None:
    body = json_dumps({"type": "/problems/overloaded", "retry_after_ms": fine})
    busy = refusal(503, {"Retry-After": "2"}, body)
    assert isinstance(busy, Unavailable)
    assert busy.retry_after_s == wait_s
    lone = refusal(503, {}, body)
    assert isinstance(lone, Unavailable)
    assert lone.retry_after_s is None


@pytest.mark.parametrize(
    "absurd",
    ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2026 99999999999999999999:00:00 GMT",
     "Mon, 01 Jan 2026 00:00:00 +99999999999999999", "Mon, 01 Jan 2026 00:00:00 +9999", "-1", "1e999", "9" * 40],
)  # fmt: skip
def test_a_retry_after_that_no_calendar_knows_is_none(absurd: str) -> None:
    today = "Mon, 01 Jan 2026 00:00:00 GMT"
    assert retry_after({"Retry-After": absurd, "Date": today}) is None
    assert retry_after({"Retry-After": today, "Date": absurd}) is None


def test_retry_after_comes_with_the_busy_answer(gateway: TlsGateway, client: GatewayClient) -> None:
    gateway.override = answering(503, b"", {"Retry-After": "17"})
    with pytest.raises(Unavailable) as caught:
        client.health()
    assert (caught.value.retry_after_s, caught.value.answered) == (17.0, True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": "Wed, 21 Oct 2026 07:27:30 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": "Wed, 21 Oct 2026 07:27:30 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": "Wed, 21 Oct 2026 07:27:30"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_against_the_gateways_own_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


def test_an_unknown_reason_keeps_its_code() -> None:
    error = refusal(422, {}, b'{"type":"/problems/something-new"}')
    assert isinstance(error, Refused)
    assert (error.problem, error.status) == ("something-new", 422)


def test_an_acknowledgement_for_another_epoch_is_not_taken(
    gateway: TlsGateway, client: GatewayClient, folder: Path
) -> None:
    batch = one_batch(folder)
    gateway.override = answering(200, gateway.model.ack("T0001", "f" * 32, 1, batch.head))
    with pytest.raises(BadReply, match="epoch"):
        client.push(batch)


# ----------------------------------------------------------------------------------------------- cables and clocks


def test_nobody_listening_is_unavailable(folder: Path, gateway: TlsGateway) -> None:
    joined = join(gateway, folder)
    gateway.__exit__()
    with pytest.raises(Unavailable) as caught:
        GatewayClient(joined).health()
    assert not caught.value.answered
    gateway.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # for the fixture to end
    gateway.thread = threading.Thread(target=gateway.server.serve_forever)
    gateway.thread.start()


def test_a_silent_gateway_is_given_up_on(gateway: TlsGateway, folder: Path) -> None:
    joined = join(gateway, folder)
    released = threading.Event()
    gateway.override = lambda _: released.wait(10)
    try:
        with pytest.raises(Unavailable):
            GatewayClient(joined, timeouts=QUICK).health()
    finally:
        released.set()


def test_a_gateway_that_trickles_bytes_for_ever_is_given_up_on(gateway: TlsGateway, folder: Path) -> None:
    joined = join(gateway, folder)
    stop = threading.Event()

    def trickle(handler: Handler) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", "60000")
        handler.end_headers()
        while not stop.wait(0.1):
            try:
                handler.wfile.write(b" " * 16)
            except OSError:
                break
        return True

    gateway.override = trickle
    try:
        with pytest.raises(Unavailable):
            GatewayClient(joined, timeouts=QUICK).health()
    finally:
        stop.set()


def test_a_connection_cut_in_the_middle_of_an_answer_is_unavailable(gateway: TlsGateway, client: GatewayClient) -> None:
    def cut(handler: Handler) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")
        handler.wfile.flush()
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)
        return True

    gateway.override = cut
    with pytest.raises(Unavailable):
        client.health()
    gateway.override = None
    assert client.health() > 0


# ------------------------------------------------------------------------------------------- lookups, catalogue


def test_a_lookup_carries_the_cards_signature_over_exactly_what_was_consented(
    gateway: TlsGateway, client: GatewayClient
) -> None:
    signed: list[bytes] = []

    def sign(context: bytes) -> bytes:
        signed.append(context)
        return bytes(range(64))

    found = client.lookup("household-proof", ["residence"], "session-1", b"\x30\x00", sign)
    assert found == gateway.subjects
    request = decode_lookup_request(gateway.bodies[-1])
    assert (request.nonce, request.subjects, request.session) == ("nonce-1", ("residence",), "session-1")
    assert request.signature == bytes(range(64))
    assert signed == [lookup_context("nonce-1", "T0001", "household-proof", ["residence"], "session-1")]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"subjects":[]}', b'{"subjects":{"income":{}}}'])
def test_a_lookup_that_answers_something_else_than_was_asked_is_refused(
    gateway: TlsGateway, client: GatewayClient, body: bytes
) -> None:
    gateway.override = lambda handler: handler.path == "/v1/lookups" and answering(200, body)(handler)
    with pytest.raises(BadReply):
        client.lookup("s", ["residence"], "x", b"\x30", lambda _: bytes(64))


def test_the_catalogue_comes_once_per_change_and_only_with_its_signature(
    gateway: TlsGateway, client: GatewayClient
) -> None:
    first = client.catalogue(None)
    assert first is not None
    assert client.catalogue(first[0]) is None
    gateway.catalogue = {"version": "2"}
    assert client.catalogue(first[0]) is not None
    gateway.override = answering(200, first[1][:-1] + bytes([first[1][-1] ^ 1]))
    with pytest.raises(BadReply):
        client.catalogue(None)
