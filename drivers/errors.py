"""What can go wrong with a device. Each leaf has a failure code and carries facts, never holder data.

Foreign exceptions are mapped to these once, in the module that alone imports the foreign library.
"""

from __future__ import annotations


class DriverError(Exception):
    """The root. `code` is the key into `assets/failure_codes.toml`."""

    code = "device-fault"


class CardError(DriverError):
    """The card or its reader did not do what was asked."""

    code = "card-unreadable"


class NoCard(CardError):
    """The slot is empty."""

    code = "no-card"


class CardRemoved(CardError):
    """The card left the slot while it was in use."""

    code = "card-removed"


class CardMute(CardError):
    """No answer within the deadline, or none to the reset."""

    code = "card-unreadable"


class CardBusy(CardError):
    """Another program holds the card."""

    code = "card-busy"


class ReaderGone(CardError):
    """The reader, or the PC/SC service, is not there."""

    code = "reader-absent"


class CardProtocolError(CardError):
    """The card answered outside its protocol: `sw` where there is one, else None."""

    code = "card-unreadable"

    def __init__(self, message: str, sw: int | None = None) -> None:
        super().__init__(message)
        self.sw = sw


class UnknownCard(CardError):
    """The card answers, but no profile knows it."""

    code = "card-unknown"

    def __init__(self, atr: bytes, profile: str = "") -> None:
        """`profile` names a card that is known, but proves no citizen here."""
        super().__init__("no profile recognises this card" if not profile else f"a card of profile {profile}")
        self.atr = atr
        self.profile = profile


class CardNeedsHsm(CardError):
    """The card opens its holder file only to a mutual authentication that needs the issuer's security module."""

    code = "card-needs-hsm"


class CardNeedsKey(CardError):
    """The card opens to a key that is printed on it (machine readable zone, access number), and none was given."""

    code = "card-needs-key"


class CardSwapped(CardError):
    """Another card is in the slot than the one the session began with."""

    code = "card-swapped"


class PinRejected(CardError):
    """The PIN was wrong."""

    code = "pin-rejected"

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"PIN rejected, {tries_left} tries left")
        self.tries_left = tries_left


class PinBlocked(CardError):
    """The PIN is blocked: the card asks for an unlock at a counter."""

    code = "pin-blocked"
    tries_left = 0


class PinFormat(CardError):
    """The PIN is not what this profile takes (length, digits)."""

    code = "pin-format"


class PinChangeUnknown(CardError):
    """The card was given a new PIN, and did not say whether it took it: the old one counts, or the new one."""

    code = "pin-change-unknown"


class PrinterError(DriverError):
    """Raised inside a printer driver only; `print_receipt` and `status` return values."""

    code = "printer-fault"

    def __init__(self, message: str, bytes_sent: int = 0) -> None:
        super().__init__(message)
        self.bytes_sent = bytes_sent


class ReceiptInvalid(PrinterError):
    """A receipt document or block that cannot be laid out; `where` names the block and the field."""

    code = "receipt-invalid"

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}")
        self.where = where
