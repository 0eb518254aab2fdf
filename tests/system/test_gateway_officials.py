"""Who acts at the bench's own gateway: a technician's telephone, an office, and a stick, before a gateway in a thread.

`assets/scenarios/staff` plays the same on whole programs by night.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.bench.ports import BenchError
from kiosk.bench.processes import technicians
from kiosk.bench.processes.gateway import GatewayHandle
from kiosk.bench.processes.technicians import GatewayOfficials, plugged
from offline_cache.wire.fleet.joining import offer
from offline_cache.wire.fleet.technician import CodeOffer, digits_by_terminal
from provisioning.gateway.enrolment.bindings import Bindings
from tests.gateway_cards import Counter
from tests.gateway_kit import GatewayKit


@pytest.fixture
def officials(kit: GatewayKit, url: str, tmp_path: Path) -> GatewayOfficials:
    return GatewayOfficials(GatewayHandle(url, kit.folder), tmp_path, "", dict, "https://127.0.0.1:1")


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(BenchError) as caught:
        do()
    assert caught.value.next_step
    return caught.value.code


def test_the_telephone_shows_the_digits_that_the_terminal_waits_for(
    officials: GatewayOfficials, kit: GatewayKit
) -> None:
    key = X25519PrivateKey.generate()
    shown = CodeOffer(kit.enrol().name, key.public_key().public_bytes_raw(), secrets.token_bytes(16))
    words = ["维护", shown.address("https://127.0.0.1:1")]  # the terminal's own way to the gateway is cut
    digits = officials.technician("code", words)
    assert digits == digits_by_terminal(key, kit.authority.sealing_key.public_key().public_bytes_raw(), shown)
    assert refused(lambda: officials.technician("code", ["维护"])) == "no-code"


def test_a_terminal_that_the_gateway_does_not_know_gets_no_digits(officials: GatewayOfficials) -> None:
    public = X25519PrivateKey.generate().public_key().public_bytes_raw()
    words = [CodeOffer("T0404", public, secrets.token_bytes(16)).address("https://127.0.0.1:1")]
    assert refused(lambda: officials.technician("code", words)) == "gateway-refused"


def test_the_telephone_says_where_a_fresh_terminal_stands(officials: GatewayOfficials, kit: GatewayKit) -> None:
    shown = offer("GZ-K2", "2027-00318", "ab" * 32, "cd" * 16)
    officials.technician("joins", [shown.address("https://127.0.0.1:1")])
    bound = Bindings(kit.gateway.store, kit.authority, kit.clock).look(shown)
    assert (bound.state, bound.site["office"]) == ("bound", "rongshu")


def test_the_office_of_the_last_application_rejects_it(
    officials: GatewayOfficials, kit: GatewayKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(technicians.service, "drain", lambda state, _accept: asked.append(state))
    assert refused(lambda: officials.reject("no-such-person")) == "nothing-sent"
    counter = Counter(kit)
    counter.hand_in("contact")
    officials.reject("no-such-person")
    (said,) = [one.verdict for one in kit.store.verdicts(counter.terminal.name, 0, 9) if one.verdict.reason]
    assert (said.verdict, said.reason, said.seq) == ("rejected", "no-such-person", 1)
    assert len(asked) == 3, "sent before, heard after"


def test_a_stick_is_in_the_pocket_or_in_the_terminal(officials: GatewayOfficials, tmp_path: Path) -> None:
    assert plugged(tmp_path) is None
    assert refused(lambda: officials.technician("stick-out", [])) == "stick-elsewhere"
    officials.technician("stick-in", [])
    stick = plugged(tmp_path)
    assert stick is not None
    (stick / "kiosk-K7Q2MP.request").write_bytes(b"x")
    assert refused(lambda: officials.technician("stick-carried", [])) == "stick-elsewhere"
    officials.technician("stick-out", [])
    assert plugged(tmp_path) is None
    officials.technician("stick-in", [])
    assert (stick / "kiosk-K7Q2MP.request").read_bytes() == b"x"


def test_at_a_gateway_of_others_nobody_acts(url: str, tmp_path: Path) -> None:
    away = GatewayOfficials(GatewayHandle(url, None), tmp_path, "", dict, url)
    assert refused(lambda: away.technician("code", [])) == "no-technicians"
    assert refused(lambda: away.reject("no-such-person")) == "no-technicians"
