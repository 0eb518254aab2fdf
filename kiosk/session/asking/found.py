"""A card that was reported lost and is in the slot: its holder may say that it was found, with the PIN. Pure."""

from __future__ import annotations

from kiosk.session.state import Session


def found_service(session: Session) -> str:
    """Return the service that opens a card reported lost again; empty: there is none, or no card to open."""
    catalogue = session.world.catalogue
    if session.failure != "card-lost" or session.found or catalogue is None or not session.card_in:
        return ""
    return next((item.id for item in catalogue.services.values() if item.start == "found"), "")
