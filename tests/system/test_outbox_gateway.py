"""The outbox and the real gateway, as whole programs: a stick, an office's verdict, a disk that was put back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.system.test_gateway_serve import KIOSK, kiosk, start, stop

pytestmark = pytest.mark.system


@dataclass
class Site:
    """A gateway that can be switched off, and the state folder of a terminal that has joined it."""

    gateway: Path
    state: Path
    url: str

    def append(self, *texts: str) -> None:
        import subprocess

        lines = "".join(json.dumps({"kind": "application", "text": text}) + "\n" for text in texts)
        command = [*KIOSK, "outbox", "append", "--jsonl", "-", "--state", str(self.state)]
        subprocess.run(command, input=lines, text=True, check=True, capture_output=True, timeout=60)

    def outbox(self, *words: str) -> dict:
        return json.loads(kiosk("outbox", *words, "--json", "--state", str(self.state)) or "{}")

    def sync(self) -> dict:
        return json.loads(kiosk("sync", "once", "--json", "--state", str(self.state)))

    def entries(self) -> list[dict]:
        lines = kiosk("gateway", "entries", "--dir", str(self.gateway), "--json").splitlines()
        return [json.loads(line) for line in lines]

    def texts(self) -> list[str]:
        found = []
        for entry in self.entries():
            document = entry["salvaged"]["document"] if "salvaged" in entry else entry["document"]
            if document.get("kind") != "alarm":
                found.append(document["text"])
        return sorted(found)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    gateway, state = tmp_path / "gateway", tmp_path / "state"
    ca_hash = json.loads(kiosk("gateway", "init", str(gateway)))["ca_hash"]
    process, url = start(gateway)
    token = json.loads(kiosk("gateway", "invite", "--dir", str(gateway), "--json"))["token"]
    kiosk("enrol", "--gateway", url, "--token", token, "--ca-hash", ca_hash, "--state", str(state))
    yield Site(gateway, state, url)
    assert stop(process) == 0


def test_a_stick_brings_entries_to_the_gateway_and_a_later_sync_doubles_nothing(site: Site, tmp_path: Path) -> None:
    site.append("a", "b", "c")
    usb = tmp_path / "usb"
    usb.mkdir()
    done = site.outbox("export", "--to", str(usb))
    assert done["entries"] == 3
    raw = Path(done["file"]).read_bytes()
    assert b"application" not in raw
    words = ("gateway", "import", done["file"], "--dir", str(site.gateway), "--json")
    first, second = json.loads(kiosk(*words)), json.loads(kiosk(*words))
    assert (first["new"], second["new"]) == (3, 0)
    assert site.texts() == ["a", "b", "c"]
    assert site.outbox("receipt", first["receipt"]) == {"acked": 3}
    assert site.outbox("status")["pending"] == 0
    site.append("d")
    assert site.sync() == {"sent": 1, "acked_through": 4, "pending": 0}
    assert site.texts() == ["a", "b", "c", "d"]
    Path(done["file"]).write_bytes(raw[:-40])
    assert "malformed" in kiosk(*words, code=1)


def test_an_office_rejects_an_entry_and_the_technician_sees_why(site: Site) -> None:
    site.append("a", "b")
    site.sync()
    entry = site.entries()[1]
    verdict = {key: entry[key] for key in ("terminal", "epoch", "seq", "id")}
    verdict |= {"verdict": "rejected", "reason": "photo-missing", "agency": "psb"}
    operator = (site.gateway / "operator.token").read_text().strip()
    answer = requests.post(
        f"{site.url}/v1/verdicts",
        json={"verdicts": [verdict]},
        headers={"Authorization": f"Bearer {operator}"},
        verify=str(site.gateway / "ca.pem"),
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    site.sync()
    parked = site.outbox("parked")
    assert (parked["seq"], parked["id"], parked["reason"]) == (2, entry["id"], "photo-missing")
    assert site.outbox("status")["parked"] == 1
    assert "photo-missing" in kiosk("outbox", "parked", "--state", str(site.state))


def test_a_terminal_whose_disk_was_put_back_begins_a_new_epoch_and_loses_nothing(site: Site, tmp_path: Path) -> None:
    site.append("a")
    site.sync()
    shutil.copytree(site.state, tmp_path / "image")
    site.append("b", "c")
    site.sync()
    shutil.rmtree(site.state)
    shutil.copytree(tmp_path / "image", site.state)
    site.append("d", "e")
    site.sync()
    assert site.texts() == ["a", "b", "c", "d", "e"]
    status = site.outbox("status")
    assert [(one["reason"], one["epoch_number"], one["done"]) for one in status["set_aside"]] == [
        ("seq-conflict", 1, True)
    ]
    assert status["pending"] == 0
    site.append("f")
    site.sync()
    assert site.texts()[-1] == "f"
    assert kiosk("outbox", "verify", "--state", str(site.state))
