"""A version 3 card read by a terminal that has joined the reference gateway, whose mock module opens it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.errors import CardNeedsHsm, CardProtocolError
from drivers.sim.cards.pcscd import PrivatePcscd
from kiosk.workers.security_module import GatewayModule
from offline_cache import enrolment
from tests.cards import NAME, sim_card
from tests.system.test_gateway_serve import kiosk, start, stop
from tests.system.test_pcsc_cli import ROOT, put

pytestmark = [pytest.mark.pcsc, pytest.mark.system]


def test_a_version_3_card_is_read_through_the_gateway(tmp_path: Path) -> None:
    folder, state = tmp_path / "gateway", tmp_path / "state"
    ca_hash = json.loads(kiosk("gateway", "init", str(folder)))["ca_hash"]
    process, url = start(folder)
    try:
        token = json.loads(kiosk("gateway", "invite", "--dir", str(folder), "--json"))["token"]
        kiosk("enrol", "--gateway", url, "--token", token, "--ca-hash", ca_hash, "--state", str(state))
        with PrivatePcscd() as daemon:
            put(daemon, sim_card(version="3.00"))
            done = subprocess.run(
                [sys.executable, "-m", "kiosk", "card", "read", "--json", "--state", str(state)],
                cwd=ROOT,
                env={**os.environ, **daemon.environment},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        told = json.loads(done.stdout)
        assert (told["card"]["version"], told["holder"]["name"]) == ("3.00", NAME)
        module = GatewayModule(enrolment.load(state), 10.0)
        with pytest.raises(CardProtocolError, match="does not accept"):
            module.prove("00" * 16, bytes(16), bytes(8), bytes(16))
    finally:
        stop(process)
    with pytest.raises(CardNeedsHsm):
        module.prove("00" * 16, bytes(16), bytes(8), bytes(16))
    module.close()
