"""A site without a network: the terminal joins by a stick, through its screen; the gateway's command between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk.__main__ import app
from kiosk.staff.part import RunTask, TaskDone
from offline_cache import enrolment as enrolments
from tests.unit.setup_kit import Hand
from tests.unit.setup_machine import Bench, bench, site
from tests.unit.test_joining import Site

__all__ = ["bench", "site"]
STICK_TASKS = ("setup-stick-write", "setup-stick-read")


class Technician:
    """A hand at the screen; what it asks of the machine is really done."""

    def __init__(self, terminal: Bench) -> None:
        self.terminal = terminal
        self.hand = Hand().to("joining")
        self.hand.done("setup-join", ok=False, code="gateway-unavailable")

    def touch(self, control: str) -> str:
        """Touch, wait for the machine, and read the screen."""
        self.hand.touch(control)
        for asked in [one for one in self.hand.effects if isinstance(one, RunTask) and one.name in STICK_TASKS]:
            self.hand.send(self._done(asked))
        return self.hand.words

    def _done(self, asked: RunTask) -> TaskDone:
        try:
            return self.terminal.run(asked.name)
        except Exception as error:  # noqa: BLE001 - as `StaffDesk`: whatever the machine says is told by its code
            return TaskDone(asked.name, ok=False, code=str(getattr(error, "code", "internal")))


@pytest.fixture
def stick(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stick is, once it is plugged in."""
    folder = bench.state / "media" / "usb"
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == folder)
    return folder


def at_the_gateway(site: Site, stick: Path) -> str:
    """The operator's command, run on the stick that was carried there. Returns its six characters."""
    arguments = ["gateway", "enrol-stick", str(stick), "--dir", str(site.kit.folder), "--gateway", site.url]
    done = CliRunner().invoke(app, [*arguments, "--office", "rongshu", "--json"])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_request_out_certificate_back_and_nothing_is_typed(site: Site, bench: Bench, stick: Path) -> None:
    technician = Technician(bench)
    technician.touch("setup.stick")
    assert "没有找到 U 盘" in technician.touch("setup.write"), "nothing is plugged in yet"
    stick.mkdir(parents=True)
    technician.touch("setup.write")
    assert technician.hand.stage.state == "written"
    assert "U 盘上没有这台机器的证书" in technician.touch("setup.read"), "the wrong order: it was nowhere yet"
    assert technician.hand.part.at == "joining"
    at_the_gateway(site, stick)
    technician.touch("setup.read")
    assert technician.hand.part.at == "report", technician.hand.words
    joined = enrolments.load(bench.state)
    assert joined.site["office"] == "rongshu"
    assert bench.joined == [joined.terminal]


def test_a_plug_pulled_between_the_two_ways_goes_on_with_the_same_key(site: Site, bench: Bench, stick: Path) -> None:
    stick.mkdir(parents=True)
    first = Technician(bench)
    first.touch("setup.stick")
    first.touch("setup.write")
    told = at_the_gateway(site, stick)
    bench.plug_in()
    again = Technician(bench)
    again.touch("setup.stick")
    again.touch("setup.read")
    assert again.hand.part.at == "report", again.hand.words
    assert enrolments.load(bench.state).terminal in told
