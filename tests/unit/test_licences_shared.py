"""A citizen shows a licence by a code: for one purpose, for a time, and only what an agency vouches for."""

from __future__ import annotations

import base64
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from offline_cache.errors import BadSignature, MalformedMessage
from offline_cache.wire.verdict import MAX_RESULT_CHARS
from provisioning.gateway.licences.shares import masked
from provisioning.gateway.licences.token import ShareToken, read, sign
from provisioning.gateway.offices.desks import Outcome, Request
from provisioning.gateway.offices.proof import Proven
from tests.gateway_kit import NEWCOMER, PARENT, GatewayKit

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TITLE, STATEMENT = "B44019900000803", "S44019900000001"


@pytest.fixture
def kit(kit: GatewayKit) -> GatewayKit:
    kit.gateway.messages.address = "https://127.0.0.1:8443"
    return kit


def asked(kit: GatewayKit, key: str, who: str = PARENT, **answers: str) -> Outcome:
    given = {"do": "share", "licence": TITLE, "purpose": "rent", "valid": "5m", **answers}
    now_ms = kit.clock.ms
    request = Request(key, given, kit.authority.pseudonym(who), Proven(who, "citizen"), "", now_ms, now_ms)
    return kit.gateway.licences.settle(request)


def scanned(kit: GatewayKit, outcome: Outcome) -> str:
    path = outcome.result["share"].removeprefix("https://127.0.0.1:8443")
    return kit.call("GET", path).body.decode()


def test_whoever_scans_sees_what_for_and_how_long_and_no_number(kit: GatewayKit) -> None:
    made = asked(kit, "k1")
    assert made.reason == ""
    assert len(made.result["share"]) <= MAX_RESULT_CHARS
    seen = scanned(kit, made)
    for words in ("证照是真的", "不动产权证", "陈*娴", "规划和自然资源局", "A，部门签发", "租房核对", "1 次"):
        assert words in seen, words
    for words in (PARENT, "陈晓娴", TITLE):
        assert words not in seen
    assert "2 次" in scanned(kit, made)


def test_the_code_ends_with_its_time(kit: GatewayKit) -> None:
    made, day = asked(kit, "k1"), asked(kit, "k2", valid="1d")
    kit.clock.pass_s(301)
    assert "这个码过期了" in scanned(kit, made)
    assert "证照是真的" in scanned(kit, day)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_the_holder_takes_back_what_was_given(kit: GatewayKit) -> None:
    made, others = asked(kit, "k1"), asked(kit, "k2", NEWCOMER, licence="R44019900000042")
    assert asked(kit, "k3", do="stop").result == {"stopped": "1"}
    assert "收回" in scanned(kit, made)
    assert "证照是真的" in scanned(kit, others)


def test_what_nobody_vouches_for_and_what_is_another_s_is_not_shown(kit: GatewayKit) -> None:
    assert asked(kit, "k1", licence=STATEMENT).reason == "not-vouched-for"
    assert asked(kit, "k2", NEWCOMER).reason == "licence-not-yours"
    assert asked(kit, "k3", licence="").reason == "licence-not-yours"
    assert asked(kit, "k4", valid="10y").reason == "action-unknown"
    nobody = Request("k5", {"do": "share"}, b"", None, "", kit.clock.ms, kit.clock.ms)
    assert kit.gateway.licences.settle(nobody).reason == "card-refused"
    late = Request("k6", {"do": "share", "licence": TITLE, "purpose": "rent", "valid": "5m"},
                   kit.authority.pseudonym(PARENT), Proven(PARENT, "citizen"), "", kit.clock.ms - 300_000,
                   kit.clock.ms)  # fmt: skip
    assert kit.gateway.licences.settle(late).reason == "too-late"


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_the_same_entry_again_is_the_same_code(kit: GatewayKit) -> None:
    assert asked(kit, "k1") == asked(kit, "k1")
    with kit.store.database.reading() as db:
        ((sealed,),) = db.rows("SELECT sealed FROM licence_share")
    assert "陈".encode() not in bytes(sealed)


def test_a_code_that_somebody_made_is_forged(kit: GatewayKit) -> None:
    made = asked(kit, "k1").result["share"]
    token = read(made.partition("t=")[2], kit.authority.signing_key.public_key())
    forged = sign(ShareToken(token.id, "degree", token.purpose, token.expires_s + 9999), KEY)
    assert "这个码是假的" in kit.call("GET", f"/l?t={forged}").body.decode()
    for text in ("", "x", "%3Cscript%3E", "A" * 500):
        seen = kit.call("GET", f"/l?t={text}").body.decode()
        assert "这不是证照的码" in seen or "这个码是假的" in seen
        assert "<script" not in seen


@given(st.binary(min_size=9, max_size=9), st.sampled_from(["degree", "marriage"]), st.integers(0, 2**33))
def test_a_code_reads_back_and_no_changed_byte_does(share: bytes, kind: str, expires_s: int) -> None:
    token = ShareToken(share, kind, "rent", expires_s)
    text = sign(token, KEY)
    assert re.fullmatch(r"[\w-]+", text)
    assert read(text, KEY.public_key()) == token
    whole = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    whole[expires_s % len(whole)] ^= 1
    changed = base64.urlsafe_b64encode(bytes(whole)).decode().rstrip("=")
    with pytest.raises((BadSignature, MalformedMessage)):
        read(changed, KEY.public_key())


@given(st.text(max_size=220))
def test_any_text_is_refused_in_words(text: str) -> None:
    with pytest.raises((BadSignature, MalformedMessage)):
        read(text, KEY.public_key())


def test_names_are_masked() -> None:
    assert [masked(name) for name in ("陈晓娴", "王明", "A", "欧阳小小")] == ["陈*娴", "王*", "A", "欧*小"]
