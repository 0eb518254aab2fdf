"""Signing in with the city's app between real programs: mutual TLS on one side, a telephone's page on the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.bench.adapters.phone import PagePhone
from kiosk.bench.ports import BenchError
from kiosk.settings import Settings
from kiosk.workers.online import OnlineGateway
from offline_cache import enrolment as enrolments
from offline_cache.errors import Refused, Unavailable
from offline_cache.wire.sign_in import read_approval
from provisioning.gateway import authority
from tests.gateway_terminals import RealTerminal
from tests.system.test_gateway_serve import Running, kiosk, start, stop

pytestmark = pytest.mark.system


def terminal(gateway: Running, folder: Path) -> OnlineGateway:
    folder.mkdir()
    RealTerminal.enrol(folder, gateway.url, gateway.invite(), gateway.ca_hash)
    return OnlineGateway(enrolments.load(folder), Settings())


def test_a_citizen_signs_in_approves_and_leaves_over_the_wire(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    ca_hash = str(json.loads(kiosk("gateway", "init", str(folder)))["ca_hash"])
    process, url = start(folder, "--people", "50")
    gateway = Running(folder, url, ca_hash)
    here = terminal(gateway, tmp_path / "here")
    phone = PagePhone(str(folder / "ca.pem"))
    with pytest.raises(BenchError, match="scanned nothing"):
        phone.do("agree", "parent", [])
    made = here.app.sign_in()
    assert made.url.startswith(f"{url}/app#")
    words = ["请用手机扫这个码", made.shown, made.url]
    assert here.app.look(made.key).state == "waiting"
    assert phone.do("scan", "parent", words) == "asks"
    assert phone.do("wrong", "parent", words) == "wrong"
    assert here.app.look(made.key).state == "opened"
    assert phone.do("agree", "parent", words) == "signed-in"
    holder = here.app.look(made.key).holder
    assert holder["id_number"] == "440199199003070021"
    with pytest.raises(Refused, match="sign-in-over"):
        here.app.look("another-key")
    (person,) = here.app.lookup(made.key, "contact", ("pop.person",), "visit")
    assert person.record is not None
    with pytest.raises(Refused, match="app-not-enough"):
        here.app.lookup(made.key, "marriage", ("marriage.record",), "visit")
    name = enrolments.load(tmp_path / "here").terminal
    draft = {"kind": "application", "service": "contact", "sign_in": "app", "terminal": name,
             "holder": {"id_number": holder["id_number"]}, "fields": {}}  # fmt: skip
    here.app.ask(made.key, draft)
    assert here.app.take_back(made.key)
    here.app.ask(made.key, draft)
    assert phone.do("approve", "parent", words) == "sent"
    seen = here.app.look(made.key)
    assert seen.asked == "approved"
    said = read_approval(seen.approval, authority.load(folder).signing_key.public_key().public_bytes_raw())
    assert said is not None
    assert (said.terminal, said.service) == (name, "contact")
    assert here.app.end(made.key)
    assert phone.do("approve", "parent", words) == "ended"
    assert stop(process) == 0
    with pytest.raises(Unavailable):
        here.app.sign_in()
    here.close()
    log = (folder / "gateway.log").read_text("utf-8")
    for secret in (made.key, made.code, made.url.partition("#")[2], holder["id_number"], holder["name"]):
        assert secret not in log
