"""`kiosk card …` as a program, against a private pcscd: the words that scripts rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.api import SlotState
from drivers.cards.citizen import SIGNING_AID
from drivers.readers.pcsc import PcscReader
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.pcscd import PrivatePcscd
from tests.cards import ID_NUMBER, NAME, PIN, card_document, sim_card
from tests.system.test_pcsc import Recorder

pytestmark = [pytest.mark.pcsc, pytest.mark.system]
ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def daemon() -> Iterator[PrivatePcscd]:
    with PrivatePcscd() as made:
        yield made


@pytest.fixture
def kiosk(daemon: PrivatePcscd) -> Run:
    """Run `kiosk card …`; returns exit code, the JSON object (or `{"text"}`), and what went to stderr."""

    def run(*arguments: str) -> tuple[int, dict[str, Any], str]:
        done = subprocess.run(
            [sys.executable, "-c", "from kiosk.cli.card import app; app()", *arguments],
            cwd=ROOT,
            env={**os.environ, **daemon.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        told = json.loads(done.stdout) if "--json" in arguments else {"text": done.stdout}
        return done.returncode, told, done.stderr

    return run


def put(daemon: PrivatePcscd, card: SimCard) -> None:
    """Insert a card and wait until pcscd has seen it."""
    daemon.insert(card)
    seen, reader = Recorder(), PcscReader("Kiosk Citizen", daemon.socket_path)
    reader.start(seen)
    seen.until(SlotState.PRESENT)
    reader.close()


def pin_file(folder: Path, text: str) -> str:
    (folder / "pin").write_text(text)
    return str(folder / "pin")


def test_a_card_is_read_without_a_pin(daemon: PrivatePcscd, kiosk: Run) -> None:
    card = sim_card()
    put(daemon, card)
    code, told, _ = kiosk("read", "--json")
    assert code == 0
    assert told == {
        "profile": "citizen",
        "reader": "Kiosk Citizen 00 00",
        "atr": card.atr.hex().upper(),
        "card": {**card_document()["card"], "version": "2.00", "issued": "2020-01-01", "expires": "2040-01-01"},
        "holder": card_document()["holder"],
    }
    assert card.tries_left == 3


def test_a_card_without_optional_records_has_no_such_keys(daemon: PrivatePcscd, kiosk: Run) -> None:
    put(daemon, sim_card(quirks={"omit_tags": ["0B", "0C"]}))
    holder = kiosk("read", "--json")[1]["holder"]
    assert set(holder) == {"name", "id_number", "sex", "birth_date"}


def test_the_right_pin_is_presented_and_forgotten(daemon: PrivatePcscd, kiosk: Run, tmp_path: Path) -> None:
    card = sim_card(tries_left=2)
    put(daemon, card)
    code, told, _ = kiosk("read", "--json", "--reader", "Kiosk Citizen", "--pin-file", pin_file(tmp_path, PIN + "\n"))
    assert (code, told["holder"]["name"]) == (0, NAME)
    assert card.tries_left == 6
    assert not card.pin_verified


def test_a_wrong_pin_tells_the_tries_left_until_the_card_is_blocked(
    daemon: PrivatePcscd, kiosk: Run, tmp_path: Path
) -> None:
    put(daemon, sim_card(tries_left=2))
    arguments = ("read", "--json", "--pin-file", pin_file(tmp_path, "999999"))
    assert kiosk(*arguments)[:2] == (1, {"error": "pin-rejected", "tries_left": 1})
    assert kiosk(*arguments)[:2] == (1, {"error": "pin-blocked", "tries_left": 0})


@pytest.mark.parametrize("text", ["12345", "１２３４５６", ""])
def test_a_pin_file_without_a_pin_costs_no_try(daemon: PrivatePcscd, kiosk: Run, tmp_path: Path, text: str) -> None:
    card = sim_card()
    put(daemon, card)
    code, told, said = kiosk("read", "--json", "--pin-file", pin_file(tmp_path, text))
    assert (code, told) == (1, {"error": "pin-format"})
    assert card.tries_left == 3
    assert not text or text not in said


def test_an_empty_slot(kiosk: Run) -> None:
    code, told, said = kiosk("read", "--json")
    assert (code, told) == (1, {"error": "no-card"})
    assert "insert" in said


def test_a_card_that_no_profile_knows(daemon: PrivatePcscd, kiosk: Run) -> None:
    class Stranger(SimCard):
        def process(self, apdu: bytes) -> bytes | None:
            return b"\x6a\x82" if super().process(apdu) and SIGNING_AID not in apdu else None

    put(daemon, Stranger.from_document({"profile": "citizen", "holder": {"name": NAME, "id_number": ID_NUMBER}}))
    code, told, _ = kiosk("read", "--json")
    assert code == 1
    assert told == {"error": "unknown-card", "atr": sim_card().atr.hex().upper()}


def test_a_card_that_wants_a_security_module_is_read_as_far_as_it_goes(daemon: PrivatePcscd, kiosk: Run) -> None:
    put(daemon, sim_card(version="3.00"))
    code, told, _ = kiosk("read", "--json")
    assert (code, told["card"]["version"]) == (0, "3.00")
    assert (told["holder"], told["holder_error"]) == (None, "card-needs-hsm")


def test_people_see_the_holder_masked(daemon: PrivatePcscd, kiosk: Run) -> None:
    put(daemon, sim_card())
    code, told, said = kiosk("read")
    assert code == 0
    assert f"name: {NAME[0]}****" in told["text"]
    for secret in (NAME, ID_NUMBER, "1990-01-01", "X00000019", "44019900D156"):
        assert secret not in told["text"] + said


def test_readers_are_listed(daemon: PrivatePcscd, kiosk: Run) -> None:
    code, told, _ = kiosk("readers", "--json")
    assert code == 0
    first = {"name": "Kiosk Citizen 00 00", "state": "empty", "atr": None, "role": "citizen", "interface": "contact"}
    assert first in told["readers"]
    assert "Kiosk Citizen 00 00: empty (citizen, contact)" in kiosk("readers")[1]["text"]


def test_a_reader_that_does_not_exist(kiosk: Run) -> None:
    code, told, said = kiosk("read", "--json", "--reader", "Kiosk Nobody")
    assert (code, told) == (1, {"error": "reader-absent"})
    assert "Kiosk Citizen 00 00" in said


@pytest.mark.parametrize("command", ["read", "readers"])
def test_without_pcscd(daemon: PrivatePcscd, kiosk: Run, command: str) -> None:
    daemon.kill()
    assert kiosk(command, "--json")[:2] == (1, {"error": "reader-absent"})


def test_usage_errors_end_with_2(kiosk: Run, tmp_path: Path) -> None:
    assert kiosk("read", "--pin-file", str(tmp_path / "nowhere"))[0] == 2
    assert kiosk("frobnicate")[0] == 2


def test_settings_name_the_reader_and_bad_settings_are_refused(
    daemon: PrivatePcscd, kiosk: Run, tmp_path: Path
) -> None:
    settings = tmp_path / "kiosk.toml"
    settings.write_text('reader_name = "Kiosk Nobody"\n')
    assert kiosk("read", "--json", "--config", str(settings))[1] == {"error": "reader-absent"}
    settings.write_text("colour = 1\n")
    assert kiosk("readers", "--json", "--config", str(settings))[1] == {"error": "settings-invalid"}
