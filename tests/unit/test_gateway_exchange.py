"""Agencies follow what is accepted: their own entries, in order, each with one effect whatever happens between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kiosk.cli.gateway.command import gateway as command
from offline_cache.seal import salvaged_document
from provisioning.gateway.exchange.inbox import Inbox
from provisioning.gateway.exchange.readings import ExchangeReadings
from provisioning.gateway.exchange.stream import EntryStream, Item, Page
from provisioning.gateway.exchange.subscribers import EVERYTHING, Subscribers, SubscriberTaken
from provisioning.gateway.storage.database import Transaction
from tests.gateway_kit import NEWCOMER, PARENT, Answer, CardOffice, GatewayKit, Terminal
from tests.unit.message_kit import carried_again


@pytest.fixture
def terminal(kit: GatewayKit) -> Terminal:
    terminal = kit.enrol()
    terminal.record(*({"kind": "test", "n": n, "agency": "psb" if n % 2 else "tax"} for n in range(1, 7)))
    assert terminal.push(terminal.batch(1, 6)).status == 200
    return terminal


def ask(kit: GatewayKit, token: str, path: str) -> Answer:
    return kit.call("GET", f"/v1/exchange/{path}", headers={"Authorization": f"Bearer {token}"})


def numbers(answer: Answer) -> list[Any]:
    return [item["document"]["n"] for item in answer.json["items"]]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_subscriber_gets_its_own_agencys_entries_and_an_archive_all(terminal: Terminal) -> None:
    kit = terminal.kit
    subscribers = Subscribers(kit.store.database)
    police = subscribers.add("police", "psb", kit.clock.ms)
    archive = subscribers.add("archive", EVERYTHING, kit.clock.ms)
    first = ask(kit, police, "entries")
    assert numbers(first) == [1, 3, 5]
    assert first.json["more"] is False
    assert numbers(ask(kit, archive, "entries")) == [1, 2, 3, 4, 5, 6]
    assert ask(kit, police, f"entries?after={first.json['next']}").json["items"] == []
    assert first.json["next"] == ask(kit, archive, "entries").json["next"]
    operator = {"Authorization": f"Bearer {kit.authority.operator_token}"}
    seen = kit.call("GET", "/v1/subscribers", headers=operator).json["subscribers"]
    assert {(one["name"], one["position"]) for one in seen} == {("police", first.json["next"]), ("archive", 0)}


def test_nobody_follows_without_a_token_of_their_own(terminal: Terminal) -> None:
    kit = terminal.kit
    for token in ("", "wrong", kit.authority.operator_token):
        assert ask(kit, token, "entries").code == "subscriber-required"
    subscribers = Subscribers(kit.store.database)
    token = subscribers.add("police", "psb", kit.clock.ms)
    with pytest.raises(SubscriberTaken):
        subscribers.add("police", "tax", kit.clock.ms)
    assert ask(kit, token, "rumours").code == "not-found"
    assert ask(kit, token, "entries?after=x").code == "malformed"
    with kit.store.database.reading() as db:
        assert token.encode() not in bytes(db.rows("SELECT token_hash FROM subscriber")[0][0])


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_what_happened_to_a_case_is_followed_too(kit: GatewayKit) -> None:
    terminal = kit.enrol()
    terminal.record({"kind": "application", "number": "T0001-000001", "service": "marriage", "agency": "civil",
                     "holder": {"name": "x", "id_number": "440199199003070021"}, "fields": {}})  # fmt: skip
    terminal.push(terminal.batch(1, 1))
    kit.gateway.town.intake.work()
    subscribers = Subscribers(kit.store.database)
    token, other = (subscribers.add(name, name, kit.clock.ms) for name in ("civil", "tax"))
    items = ask(kit, token, "cases").json["items"]
    assert items
    assert {item["number"] for item in items} == {"T0001-000001"}
    assert "440199199003070021" not in json.dumps(items)
    assert ask(kit, other, "cases").json["items"] == []


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_the_citizen_sees_which_agency_read_their_application_on_the_exchange_and_each_reading_once(
    kit: GatewayKit,
) -> None:
    terminal = kit.enrol()
    counter = {"kind": "application", "agency": "civil", "service": "marriage", "fields": {}}
    terminal.record(
        {**counter, "number": "T0001-000001", "holder": {"name": "x", "id_number": PARENT}},
        {**counter, "number": "T0001-000002", "holder": {"name": "y", "id_number": NEWCOMER}},
        {"kind": "test", "agency": "civil"},
    )
    terminal.push(terminal.batch(1, 3))
    subscribers = Subscribers(kit.store.database)
    civil, tax, archive = (
        subscribers.add(name, agency, kit.clock.ms)
        for name, agency in (("registry", "civil"), ("tax", "tax"), ("archive", EVERYTHING))
    )
    for token in (civil, civil, tax, archive):
        assert ask(kit, token, "entries").status == 200
    assert ask(kit, civil, "cases").status == 200
    office = CardOffice()
    office.trust(kit.folder)
    answer = office.issue(PARENT).lookup(terminal, "access-log", "audit.access").json
    looks = answer["subjects"]["audit.access"]["record"]
    seen = [look for look in looks["looks"] if look["who"] != "data" or look["purpose"] != "access-log"]
    assert [(look["who"], look["purpose"], look["case"], look["subjects"]) for look in seen] == [
        ("data", "marriage", "T0001-000001", ["case.case"]),
        ("civil", "marriage", "T0001-000001", ["case.case"]),
    ]
    assert len({look["id"] for look in seen}) == 2
    with kit.store.database.reading() as db:
        kept = db.rows("SELECT * FROM exchange_reading")
    assert len(kept) == 4
    assert PARENT not in str(kept)


# --- the subscriber's side ------------------------------------------------------------------------------------------


class Died(Exception):
    pass


def effects(kit: GatewayKit) -> list[int]:
    with kit.store.database.reading() as db:
        return [row[0] for row in db.rows("SELECT position FROM effect ORDER BY position")]


def inbox_of(kit: GatewayKit) -> Inbox:
    with kit.store.database.transaction() as db:
        db.run("CREATE TABLE IF NOT EXISTS effect (position BIGINT)")
    return Inbox(kit.store.database, "entries")


def note(db: Transaction, item: Item) -> None:
    db.run("INSERT INTO effect VALUES (?)", item.position)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_subscriber_that_dies_in_the_middle_of_a_page_has_no_effect_and_takes_it_again(terminal: Terminal) -> None:
    kit = terminal.kit
    stream, inbox = EntryStream(kit.store, kit.authority), inbox_of(kit)

    def dies(db: Transaction, item: Item) -> None:
        note(db, item)
        if item.facts["seq"] == 4:
            raise Died

    with pytest.raises(Died):
        inbox.take(lambda after: stream.read(after, 5), dies)
    assert effects(kit) == []
    while (page := inbox.take(lambda after: stream.read(after, 5), note)) is not None and page.items:
        pass
    assert len(effects(kit)) == len(set(effects(kit))) == 6


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_two_processes_of_a_subscriber_take_the_same_page_and_one_has_the_effect(terminal: Terminal) -> None:
    kit = terminal.kit
    stream, inbox = EntryStream(kit.store, kit.authority), inbox_of(kit)

    def meanwhile(after: int) -> Page:
        page = stream.read(after, 4)
        assert Inbox(kit.store.database, "entries").take(lambda _after: page, note) == page
        return page

    assert inbox.take(meanwhile, note) is None
    assert len(effects(kit)) == 4


def test_an_entry_that_does_not_open_is_handed_on_without_its_document(terminal: Terminal) -> None:
    kit = terminal.kit
    with kit.store.database.transaction() as db:
        db.run("UPDATE journal SET body = ? WHERE seq = 2", b"damaged" * 9)
    page = EntryStream(kit.store, kit.authority).read(0, 100)
    assert [item.facts["document"] is None for item in page.items] == [False, True, False, False, False, False]
    assert [item.agency for item in page.items][:3] == ["psb", "", "psb"]


def test_an_application_that_a_damaged_disk_sent_inside_another_entry_reaches_its_agency_and_its_citizens_log(
    kit: GatewayKit,
) -> None:
    terminal = kit.enrol()
    asked = {"kind": "application", "agency": "civil", "service": "marriage", "number": "T0001-000001", "fields": {}}
    carried_again(terminal, {**asked, "holder": {"name": "x", "id_number": PARENT}}, {"kind": "test", "agency": "psb"})
    subscribers = Subscribers(kit.store.database)
    token = subscribers.add("registry", "civil", kit.clock.ms)
    (item,) = ask(kit, token, "entries").json["items"]
    assert item["document"]["number"] == "T0001-000001"
    assert (item["epoch"], item["seq"]) == (terminal.epoch, 1), "a verdict is on the entry that carries it"
    readings = ExchangeReadings(kit.store.database, kit.authority.pseudonym)
    (look,) = readings.looks(kit.authority.pseudonym(PARENT), 10)
    assert (look["who"], look["case"]) == ("civil", "T0001-000001")
    lost = salvaged_document(terminal.rows[0], None, terminal.device, "e" * 32, "storage-damaged")
    terminal.record(lost)
    assert terminal.push(terminal.batch(3, 3)).status == 200
    page = EntryStream(kit.store, kit.authority).read(0, 100)
    assert [(item.agency, item.facts["document"] is None) for item in page.items] == [
        ("civil", False), ("psb", False), ("", True)
    ]  # fmt: skip


def test_an_agency_is_let_in_from_the_command_line(tmp_path: Path) -> None:
    kit = GatewayKit(tmp_path / "gateway")
    arguments = ["subscribe", "police", "--dir", str(kit.folder), "--agency", "psb", "--json"]
    made = json.loads(CliRunner().invoke(command, arguments).stdout)
    who = Subscribers(kit.store.database).of(made["token"])
    assert who is not None
    assert (who.name, who.agency) == ("police", "psb")
    again = CliRunner().invoke(command, arguments)
    assert (again.exit_code, json.loads(again.stdout)["error"]) == (1, "subscriber-taken")
    mistyped = CliRunner().invoke(command, ["subscribe", "p2", "--dir", str(kit.folder), "--agency", "pbs", "--json"])
    assert json.loads(mistyped.stdout)["error"] == "agency-unknown", "nothing would ever come"
    archive = CliRunner().invoke(command, ["subscribe", "all", "--dir", str(kit.folder), "--agency", "*", "--json"])
    assert archive.exit_code == 0
    kit.store.close()


@pytest.mark.nightly
@pytest.mark.system
def test_two_thousand_a_second_arrive_once_while_a_subscriber_is_killed() -> None:
    from tests.bench.bench_exchange import run

    result = run(rate=2000, seconds=10)
    assert result["exactly_once"], result
    assert result["entries"] == 20_000
