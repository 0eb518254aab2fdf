"""What terminals send, and what the gateway makes of it."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_cache.messages import decode_ack, encode_batch, genesis, next_chain, sign1, verify1
from provisioning.gateway.ingest import unsealed
from tests.gateway_kit import GatewayKit, Terminal


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def terminal(kit: GatewayKit) -> Terminal:
    terminal = kit.enrol()
    terminal.record(*({"number": number} for number in range(1, 7)))
    return terminal


def numbers(kit: GatewayKit) -> list[object]:
    return [line["document"]["number"] for line in unsealed(kit.store, kit.authority)]  # type: ignore[index]


def test_a_batch_is_stored_countersigned_and_opens_with_the_gateways_key(kit: GatewayKit, terminal: Terminal) -> None:
    answer = terminal.push(terminal.batch(1, 3))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/cose")
    ack = decode_ack(verify1(answer.body, kit.authority.signing_key.public_key()))
    assert (ack.terminal, ack.epoch, ack.acked_through) == (terminal.name, terminal.epoch, 3)
    assert ack.head == terminal.rows[2].chain
    assert ack.received_at_ms == kit.clock.ms
    lines = list(unsealed(kit.store, kit.authority))
    assert [(line["terminal"], line["epoch"], line["seq"]) for line in lines] == [
        (terminal.name, terminal.epoch, seq) for seq in (1, 2, 3)
    ]
    assert [line["id"] for line in lines] == [row.id for row in terminal.rows[:3]]
    assert numbers(kit) == [1, 2, 3]


def test_the_answer_was_lost_and_the_terminal_sends_the_same_again(kit: GatewayKit, terminal: Terminal) -> None:
    for _ in range(3):
        assert terminal.push(terminal.batch(1, 4)).status == 200
    assert numbers(kit) == [1, 2, 3, 4]


def test_a_batch_that_overlaps_brings_only_what_is_new(kit: GatewayKit, terminal: Terminal) -> None:
    terminal.push(terminal.batch(1, 3))
    answer = terminal.push(terminal.batch(2, 5))
    assert decode_ack(verify1(answer.body, kit.authority.signing_key.public_key())).acked_through == 5
    assert numbers(kit) == [1, 2, 3, 4, 5]


def test_a_late_copy_of_an_early_batch_does_not_move_the_receipt_back(kit: GatewayKit, terminal: Terminal) -> None:
    terminal.push(terminal.batch(1, 5))
    answer = terminal.push(terminal.batch(1, 2))
    ack = decode_ack(verify1(answer.body, kit.authority.signing_key.public_key()))
    assert (ack.acked_through, ack.head) == (5, terminal.rows[4].chain)


def test_rows_are_missing_in_between(kit: GatewayKit, terminal: Terminal) -> None:
    terminal.push(terminal.batch(1, 2))
    answer = terminal.push(terminal.batch(4, 6))
    assert (answer.status, answer.code, answer.json["expected_seq"]) == (409, "seq-gap", 3)
    assert numbers(kit) == [1, 2]


def test_a_terminal_set_up_again_from_an_old_image_uses_a_seq_twice(kit: GatewayKit, terminal: Terminal) -> None:
    terminal.push(terminal.batch(1, 4))
    kept, terminal.rows = terminal.rows, terminal.rows[:2]
    terminal.record({"number": 93}, {"number": 94}, {"number": 95})
    answer = terminal.push(terminal.batch(2, 5))
    assert (answer.status, answer.code, answer.json["seq"]) == (409, "seq-conflict", 3)
    assert terminal.push(terminal.batch(5, 5)).code == "seq-conflict"
    assert numbers(kit) == [1, 2, 3, 4]
    terminal.rows = kept
    assert terminal.push(terminal.batch(5, 6)).status == 200


def test_a_new_epoch_begins_at_one_and_stands_beside_the_old(kit: GatewayKit, terminal: Terminal) -> None:
    terminal.push(terminal.batch(1, 3))
    terminal.epoch, terminal.rows = "0" * 32, []
    terminal.record({"number": 101})
    assert terminal.push(terminal.batch(1, 1)).status == 200
    assert numbers(kit) == [1, 2, 3, 101]
    assert kit.store.terminals()[0].epochs == 2


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_changed_row_breaks_the_chain(kit: GatewayKit, terminal: Terminal, place: int) -> None:
    batch = terminal.batch(1, 3)
    rows = list(batch.rows)
    rows[place] = rows[place]._replace(created_ms=rows[place].created_ms + 1)
    answer = terminal.push(dataclasses.replace(batch, rows=tuple(rows)))
    assert (answer.status, answer.code, answer.json["seq"]) == (400, "chain-broken", place + 1)
    assert numbers(kit) == []


def test_a_chain_that_does_not_begin_at_the_genesis(kit: GatewayKit, terminal: Terminal) -> None:
    start = genesis(terminal.device, "f" * 32)
    row = terminal.rows[0]
    row = row._replace(chain=next_chain(start, row))
    batch = dataclasses.replace(terminal.batch(1, 1), previous_chain=start, rows=(row,))
    assert terminal.push(batch).code == "chain-broken"


def test_another_key_signed_the_batch(kit: GatewayKit, terminal: Terminal) -> None:
    assert terminal.push(terminal.batch(1, 2), Ed25519PrivateKey.generate()).code == "bad-signature"
    assert numbers(kit) == []


def test_one_terminal_sends_in_the_name_of_another(kit: GatewayKit, terminal: Terminal) -> None:
    other = kit.enrol()
    stolen = sign1(encode_batch(terminal.batch(1, 2)), other.key)
    answer = other.post("/v1/entries", stolen)
    assert (answer.status, answer.code) == (403, "wrong-terminal")


def test_no_certificate_and_a_foreign_certificate(kit: GatewayKit, terminal: Terminal) -> None:
    body = sign1(encode_batch(terminal.batch(1, 2)), terminal.key)
    for certificate in (None, b"not known here"):
        answer = kit.call("POST", "/v1/entries", body, certificate=certificate)
        assert (answer.status, answer.code) == (401, "unknown-terminal")
    assert numbers(kit) == []


def test_the_operator_revoked_the_terminal(kit: GatewayKit, terminal: Terminal) -> None:
    assert kit.store.revoke(terminal.name)
    assert not kit.store.revoke("T9999")
    answer = terminal.push(terminal.batch(1, 2))
    assert (answer.status, answer.code) == (403, "terminal-revoked")


def test_too_large_is_said_after_the_whole_body_was_sent(kit: GatewayKit, terminal: Terminal) -> None:
    answer = terminal.post("/v1/entries", b"\0" * 300_000)
    assert (answer.status, answer.code, answer.headers["connection"]) == (413, "too-large", "close")
    answer = terminal.post("/v1/entries", b"\0" * 6_000_000)
    assert answer.code == "too-large"


def test_a_body_that_does_not_open_is_stored_all_the_same(kit: GatewayKit, terminal: Terminal) -> None:
    """Stored before judged: one bad item never blocks the line."""
    row = terminal.rows[0]._replace(body=b"\1" * 40)
    terminal.rows[0] = row._replace(chain=next_chain(terminal.chain_at(0), row))
    assert terminal.push(terminal.batch(1, 1)).status == 200
    (line,) = unsealed(kit.store, kit.authority)
    assert (line["seq"], line["document"], line["error"]) == (1, None, "seal-broken")


def test_the_same_batch_arrives_on_many_connections_at_once(kit: GatewayKit, terminal: Terminal) -> None:
    body = sign1(encode_batch(terminal.batch(1, 6)), terminal.key)

    async def storm() -> list[int]:
        calls = [kit.call_soon("POST", "/v1/entries", body, certificate=terminal.certificate) for _ in range(20)]
        return [answer.status for answer in await asyncio.gather(*calls)]

    assert asyncio.run(storm()) == [200] * 20
    assert numbers(kit) == [1, 2, 3, 4, 5, 6]


def test_the_operator_reads_entries_behind_a_position(kit: GatewayKit, terminal: Terminal) -> None:
    terminal.push(terminal.batch(1, 4))
    bearer = {"Authorization": f"Bearer {kit.authority.operator_token}"}
    answer = kit.call("GET", "/v1/entries?after=2", headers=bearer)
    assert [line.count(b'"document"') for line in answer.body.splitlines()] == [1, 1]
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": kit.authority.operator_token}):
        assert kit.call("GET", "/v1/entries", headers=headers).code == "operator-required"
    assert kit.call("GET", "/v1/entries?after=-1", headers=bearer).code == "malformed"


def test_nothing_of_an_entry_reaches_the_log(kit: GatewayKit, terminal: Terminal) -> None:
    terminal.push(terminal.batch(1, 2))
    terminal.push(terminal.batch(4, 5))
    assert [event for event, _ in kit.log] == ["gateway.enrolled", "gateway.entries", "gateway.refused"]
    assert kit.log[1][1] == {"terminal": terminal.name, "new": 2, "acked_through": 2}
    assert kit.log[2][1] == {"code": "seq-gap", "status": 409}
