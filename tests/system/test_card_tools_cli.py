"""`kiosk card …` for technicians, and every shipped card document behind vpcd."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from drivers.api import SlotState
from drivers.cards.piv import PivCard
from drivers.cards.registry import identify
from drivers.sim.cards.card import SimCard
from drivers.sim.cards.issuer import CardAuthority
from drivers.sim.cards.pcscd import PrivatePcscd
from drivers.sim.cards.sdt_module import SimSdtModule
from tests.cards import (
    ID_NUMBER,
    MRZ_KEY,
    NAME,
    PIN,
    Contacts,
    emrtd_document,
    piv_document,
    resident_document,
    sim_card,
)
from tests.system.test_pcsc import reader_on
from tests.system.test_pcsc_cli import ROOT, put

pytestmark = [pytest.mark.pcsc, pytest.mark.system]
CARDS = ROOT / "assets/cards"
Run = Callable[..., tuple[int, list[Any], str]]


@pytest.fixture
def daemon() -> Iterator[PrivatePcscd]:
    with PrivatePcscd() as made:
        yield made


def environment(daemon: PrivatePcscd) -> dict[str, str]:
    return {**os.environ, **daemon.environment}


@pytest.fixture
def kiosk(daemon: PrivatePcscd) -> Run:
    """Run `kiosk card …`; returns exit code, the JSON lines (or the text), and what went to stderr."""

    def run(*arguments: str) -> tuple[int, list[Any], str]:
        done = subprocess.run(
            [sys.executable, "-m", "kiosk", "card", *arguments],
            cwd=ROOT,
            env=environment(daemon),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        lines = done.stdout.splitlines()
        return done.returncode, [json.loads(line) for line in lines] if "--json" in arguments else lines, done.stderr

    return run


EXPECTED = {
    "citizen-1": ("citizen", "欧阳测试", None),
    "citizen-2": ("citizen", "𠮷野测试人", None),
    "citizen-3": ("citizen", None, "card-needs-hsm"),
    "flaky-citizen": ("citizen", "欧阳测试", None),
    "belgian-eid": ("belgian-eid", "Anna Maria Testé", None),
    "piv": ("piv", "TEST Person", None),
    "emrtd": ("emrtd", "ANNA MARIA ERIKSSON", None),
    "emrtd-pace": ("emrtd", "ANNA MARIA ERIKSSON", None),
    "emrtd-can": ("emrtd", "ANNA MARIA ERIKSSON", None),
    "citizen-sm2": ("citizen", "欧阳测试", None),
    "piv-rsa": ("piv", "TEST Person", None),
}


def test_every_shipped_card_document_is_in_this_list() -> None:
    assert {path.stem for path in CARDS.glob("*.json")} == {*EXPECTED, "resident-id"}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shipped_card_is_read_behind_vpcd(daemon: PrivatePcscd, kiosk: Run, tmp_path: Path, name: str) -> None:
    authority = CardAuthority.load_or_create(tmp_path / "authority")
    put(daemon, SimCard.from_document(json.loads((CARDS / f"{name}.json").read_text("utf-8")), authority))
    (tmp_path / "key").write_text("271828\n" if name == "emrtd-can" else MRZ_KEY + "\n")
    extra = ("--mrz-file", str(tmp_path / "key")) if name.startswith("emrtd") else ()
    if name == "emrtd-can":
        (tmp_path / "csca.pem").write_bytes(authority.travel().certificate_pem)
        extra += ("--csca", str(tmp_path / "csca.pem"))
    code, (told,), _ = kiosk("read", "--json", *extra)
    profile, holder, reason = EXPECTED[name]
    assert (code, told["profile"]) == (0, profile)
    assert (told["holder"] or {}).get("name") == holder
    assert told.get("holder_error") == reason
    assert told.get("genuine") == ((name == "emrtd-can") if name.startswith("emrtd") else None)


def test_the_resident_identity_card_is_read_through_its_module(kiosk: Run) -> None:
    with SimSdtModule() as module:
        assert kiosk("read", "--json", "--module", module.port)[:2] == (1, [{"error": "no-card"}])
        module.place(json.loads((CARDS / "resident-id.json").read_text("utf-8")))
        code, (told,), _ = kiosk("read", "--json", "--module", module.port)
        assert (code, told["profile"], told["holder"]["name"]) == (0, "resident-id", "测试人")
        module.place(resident_document())
        _, lines, said = kiosk("read", "--module", module.port)
        for secret in ("测试人", ID_NUMBER, "试验路"):
            assert secret not in "".join(lines) + said
    assert kiosk("read", "--json", "--module", "/dev/no-such-line")[:2] == (1, [{"error": "reader-absent"}])


def test_a_pin_of_another_profile(daemon: PrivatePcscd, kiosk: Run, tmp_path: Path) -> None:
    put(daemon, SimCard.from_document(piv_document(), CardAuthority.load_or_create(tmp_path / "authority")))
    (tmp_path / "pin").write_text("00000000")
    arguments = ("read", "--json", "--pin-file", str(tmp_path / "pin"))
    assert kiosk(*arguments)[:2] == (1, [{"error": "pin-rejected", "tries_left": 2}])


@pytest.mark.parametrize("text", ["x", "L898902C3 74081 320415"])
def test_a_printed_key_that_is_none(kiosk: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    assert kiosk("read", "--json", "--mrz-file", str(tmp_path / "key"))[:2] == (1, [{"error": "key-format"}])


def test_a_file_of_country_authorities_that_is_none(kiosk: Run, tmp_path: Path) -> None:
    (tmp_path / "csca.pem").write_text("no certificate")
    assert kiosk("read", "--json", "--csca", str(tmp_path / "csca.pem"))[:2] == (1, [{"error": "csca-format"}])


def test_readers_have_roles(tmp_path: Path) -> None:
    with PrivatePcscd(("Kiosk Technician", "Kiosk Citizen")) as daemon:
        config = tmp_path / "kiosk.toml"
        config.write_text('technician_reader_name = "Kiosk Technician"\n')
        daemon.insert(SimCard.from_document(emrtd_document()), "Kiosk Technician")
        with reader_on(daemon.socket_path, "Kiosk Technician") as (_, seen):
            seen.until(SlotState.PRESENT)
        done = subprocess.run(
            [sys.executable, "-m", "kiosk", "card", "readers", "--json", "--config", str(config)],
            cwd=ROOT,
            env=environment(daemon),
            capture_output=True,
            text=True,
            check=True,
        )
        listed = {one["name"]: (one["role"], one["interface"]) for one in json.loads(done.stdout)["readers"]}
        assert listed["Kiosk Technician 00 00"] == ("technician", "contactless"), "a document's chip"
        assert listed["Kiosk Citizen 00 00"] == ("citizen", "contact")
        read = subprocess.run(
            [sys.executable, "-m", "kiosk", "card", "read", "--json", "--config", str(config)],
            cwd=ROOT,
            env=environment(daemon),
            capture_output=True,
            text=True,
            check=False,
        )
        assert json.loads(read.stdout) == {"error": "no-card"}, "the technician's card is not the citizen's"


def test_the_slot_is_watched(daemon: PrivatePcscd) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "kiosk", "card", "watch", "--json", "--events", "3"],
        cwd=ROOT,
        env=environment(daemon),
        stdout=subprocess.PIPE,
        text=True,
    )
    with watching, contextlib.ExitStack() as stack:
        stack.callback(watching.kill)
        assert watching.stdout is not None
        states = [json.loads(watching.stdout.readline())["state"]]
        daemon.insert(sim_card())
        states.append(json.loads(watching.stdout.readline())["state"])
        daemon.remove()
        states.append(json.loads(watching.stdout.readline())["state"])
        assert states == ["empty", "present", "empty"]
        assert watching.wait(15) == 0


def test_one_command_by_hand_and_the_pin_is_never_printed(daemon: PrivatePcscd, kiosk: Run) -> None:
    put(daemon, sim_card())
    code, lines, said = kiosk("apdu", "00200000", f"0020000003{PIN}", "--json")
    assert code == 0
    assert [line["sw"] for line in lines] == ["63C3", "9000"]
    assert PIN not in json.dumps(lines) + said
    code, lines, _ = kiosk("apdu", f"0020000003{PIN}")
    assert "00200000 <PIN>" in lines[0]
    assert kiosk("apdu", "zz", "--json")[:2] == (1, [{"error": "apdu-invalid"}])


def test_a_card_that_is_not_known_for_simulated_wants_force(daemon: PrivatePcscd, kiosk: Run) -> None:
    put(daemon, sim_card(quirks={"atr": "3B021450"}))
    assert kiosk("apdu", "00200000", "--json")[:2] == (1, [{"error": "card-is-real"}])
    assert kiosk("apdu", "00200000", "--json", "--force")[1][0]["sw"] == "63C3"


LOOKS = 10


def test_a_card_is_recorded_without_its_holder_and_replayed(daemon: PrivatePcscd, kiosk: Run, tmp_path: Path) -> None:
    put(daemon, sim_card())
    trace = tmp_path / "trace.json"
    code, (told,), _ = kiosk("record", "--out", str(trace), "--json")
    assert (code, told["profile"]) == (0, "citizen")
    text = trace.read_text()
    for secret in (NAME.encode("gb18030"), ID_NUMBER.encode(), bytes.fromhex("44019900D156000005A0"), b"X00000019X"):
        assert secret.hex().upper() not in text
    code, (played,), _ = kiosk("replay", str(trace), "--json")
    assert (code, played) == (0, {"profile": "citizen", "atr": sim_card().atr.hex().upper(), "unknown_commands": 0})
    daemon.remove()
    for _ in range(LOOKS):  # until pcscd has seen that the card is gone: it must not take the next one for it
        _, (gone,), _ = kiosk("read", "--json")
        if gone.get("error") == "no-card":
            break
    assert gone == {"error": "no-card"}, gone
    playing = subprocess.Popen(
        [sys.executable, "-m", "kiosk", "card", "replay", str(trace), "--vpcd-port", str(daemon.port()), "--json"],
        cwd=ROOT,
        env=environment(daemon),
        stdout=subprocess.PIPE,
        text=True,
    )
    with playing, contextlib.ExitStack() as stack:
        stack.callback(playing.kill)
        assert playing.stdout is not None
        assert json.loads(playing.stdout.readline())["state"] == "inserted"
        for _ in range(LOOKS):  # pcscd looks into the slot every 400 ms; the command is quicker than that
            code, (read,), _ = kiosk("read", "--json")
            if read.get("error") != "no-card":
                break
        assert "holder" in read, read
        assert (code, read["holder"]["name"], read["holder"]["id_number"]) == (0, "无名", "440199199001010028")
        playing.send_signal(2)
        assert playing.wait(15) == 0


@pytest.mark.parametrize("text", ["", "{}", '{"kind":"card-trace","version":1,"atr":"3B","exchanges":[{}]}', "[1]"])
def test_a_trace_that_is_none(kiosk: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "trace.json").write_text(text)
    assert kiosk("replay", str(tmp_path / "trace.json"), "--json")[:2] == (1, [{"error": "card-trace-invalid"}])


def test_opensc_sees_the_simulated_card_as_a_card(daemon: PrivatePcscd) -> None:
    tool = shutil.which("opensc-tool")
    assert tool is not None, "opensc-tool is missing: apt-get install opensc (provisioning/setup.sh --tests)"
    card = sim_card()
    put(daemon, card)
    said = [
        subprocess.run(
            [tool, option], env=environment(daemon), capture_output=True, text=True, timeout=60, check=False
        ).stdout
        for option in ("--list-readers", "--atr")
    ]
    rows = [line.split() for line in said[0].splitlines() if "Kiosk Citizen" in line]
    assert any("Yes" in row for row in rows), f"there is a card in the reader: {said[0]}"
    assert card.atr.hex(":") in said[1].lower()


def test_opensc_signs_with_the_simulated_piv_card(daemon: PrivatePcscd, tmp_path: Path) -> None:
    """OpenSC's own PIV driver chains its command and fetches the long answer: the twin is more than our profile."""
    tool = shutil.which("pkcs11-tool")
    assert tool is not None, "pkcs11-tool is missing: apt-get install opensc (provisioning/setup.sh --tests)"
    sim = SimCard.from_document(piv_document(algorithm="rsa2048"), CardAuthority.load_or_create(tmp_path / "authority"))
    put(daemon, sim)
    (tmp_path / "text").write_bytes(b"text")
    arguments = ["--login", "--pin", "12345678", "--sign", "-m", "SHA256-RSA-PKCS", "--id", "01"]
    done = subprocess.run(
        [tool, *arguments, "-i", str(tmp_path / "text"), "-o", str(tmp_path / "signature")],
        env=environment(daemon),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    card = identify(Contacts(sim.process, sim.atr))
    assert isinstance(card, PivCard)
    key = x509.load_der_x509_certificate(card.certificate()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify((tmp_path / "signature").read_bytes(), b"text", padding.PKCS1v15(), hashes.SHA256())
