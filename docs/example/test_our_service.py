"""An operator's own tests of a service: nothing to start, nothing to configure. Run `pytest docs/example`."""

from __future__ import annotations

from kiosk.bench.pytest_plugin import (
    CardUnderTest,
    ClockUnderTest,
    GatewayUnderTest,
    NetworkUnderTest,
    PrinterUnderTest,
    TerminalUnderTest,
)


def test_a_parent_gets_a_household_proof(
    terminal: TerminalUnderTest, printer: PrinterUnderTest, gateway: GatewayUnderTest
) -> None:
    terminal.sign_in("parent")
    terminal.open("moved", "household-proof")
    terminal.fill_in()
    terminal.submit()
    (document,) = gateway.wait_for(1)
    assert document["service"] == "household-proof"
    terminal.press("primary", "receipt.paper", "primary")
    terminal.wait_for("rating")
    assert printer.receipts[-1]["state"] == "done"
    assert document["number"] in printer.receipts[-1]["text"]


def test_with_the_cable_pulled_it_is_kept_and_sent_later(
    terminal: TerminalUnderTest, network: NetworkUnderTest, gateway: GatewayUnderTest
) -> None:
    network.cut()
    terminal.sign_in("parent")
    terminal.open("moved", "household-proof")
    terminal.fill_in()
    terminal.submit()
    assert gateway.documents == []
    network.join()
    gateway.wait_for(1)


def test_a_card_that_is_pulled_leaves_nothing(
    terminal: TerminalUnderTest, citizen_card: CardUnderTest, clock: ClockUnderTest, gateway: GatewayUnderTest
) -> None:
    terminal.sign_in("parent")
    citizen_card.pull()
    terminal.wait_for("failure.card-removed")
    clock.advance(61)
    terminal.wait_for("attract")
    assert gateway.documents == []


def test_without_paper_the_citizen_is_told_before_the_service_begins(
    terminal: TerminalUnderTest, printer: PrinterUnderTest, clock: ClockUnderTest
) -> None:
    terminal.sign_in("parent")
    printer.breaks("paper-out")
    clock.advance(10)
    terminal.press("event.moved", "service.household-proof", "primary")
    assert terminal.screen == "failure.printer-paper-out"
