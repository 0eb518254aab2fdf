"""Version 3 of the citizen card: mutual authentication with the issuer's security module at the back.

The order of commands is the one of public readers of the card:

1. `GET CHALLENGE` twice, 8 bytes each; `INTERNAL AUTHENTICATE` `0088 0000` with those 16 bytes gives the card's
   cryptogram, 8 bytes;
2. `GET CHALLENGE` twice again; these 16 bytes, the cryptogram and its input go to the security module, which answers
   with 16 bytes;
3. `EXTERNAL AUTHENTICATE` `0082 000A` with them opens the holder file until the next power-down or SELECT.

**What the bytes mean is this project's own**, because that part of the profile is not public. It is SM4 (GB/T 32907)
throughout: a card's key is its card id encrypted under the issuer's master key; the cryptogram is the first half of the
encrypted input; the module's proof is the encrypted challenge, each byte changed by A5 first so that neither can be
made from the other. An issuer with real cards has its own module: only `SecurityModule` has to be filled.
"""

from __future__ import annotations

from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from drivers.api import CardConnection, CardFacts
from drivers.cards.apdu import command, exchange

BLOCK_BYTES: Final = 16
CHALLENGE_BYTES: Final = 8
CRYPTOGRAM_BYTES: Final = 8
EXTERNAL_KEY: Final = 0x0A

_INS_EXTERNAL_AUTHENTICATE: Final = 0x82
_INS_GET_CHALLENGE: Final = 0x84
_INS_INTERNAL_AUTHENTICATE: Final = 0x88
_PROOF_MASK: Final = b"\xa5" * BLOCK_BYTES


class SecurityModule(Protocol):
    """The issuer's security module, wherever it stands. It holds the keys; no key ever reaches the terminal."""

    def prove(self, card_id: str, challenge: bytes, cryptogram: bytes, card_challenge: bytes) -> bytes:
        """Check the card's `cryptogram` over `challenge`, and return 16 bytes that answer `card_challenge`.

        Raises `CardNeedsHsm` where the module cannot be reached or is not set up, and `CardProtocolError` where it
        does not accept the card.
        """
        ...


class HsmAuthentication:
    """Opens the holder file of version 3 cards through a security module. A `MutualAuthentication`."""

    def __init__(self, module: SecurityModule) -> None:
        self._module = module

    def unlock(self, connection: CardConnection, facts: CardFacts) -> None:
        """Authenticate both ways while the citizen application is selected.

        Raises what `SecurityModule.prove` raises, and `CardProtocolError` where the card refuses the module's answer.
        """
        challenge = _challenge(connection)
        ask = command(_INS_INTERNAL_AUTHENTICATE, 0, 0, challenge, le=CRYPTOGRAM_BYTES)
        cryptogram = exchange(connection, ask, length=CRYPTOGRAM_BYTES)
        proof = self._module.prove(facts.card_id, challenge, cryptogram, _challenge(connection))
        exchange(connection, command(_INS_EXTERNAL_AUTHENTICATE, 0, EXTERNAL_KEY, proof), length=0)


def _challenge(connection: CardConnection) -> bytes:
    ask = command(_INS_GET_CHALLENGE, le=CHALLENGE_BYTES)
    return b"".join(exchange(connection, ask, length=CHALLENGE_BYTES) for _ in range(2))


def card_key(master_key: bytes, card_id: bytes) -> bytes:
    """Return the key of one card. Both are 16 bytes."""
    return _encrypt(master_key, card_id)


def card_cryptogram(key: bytes, challenge: bytes) -> bytes:
    """Return what the card answers to INTERNAL AUTHENTICATE."""
    return _encrypt(key, challenge)[:CRYPTOGRAM_BYTES]


def module_proof(key: bytes, card_challenge: bytes) -> bytes:
    """Return what the security module answers to the card's challenge."""
    return _encrypt(key, bytes(one ^ mask for one, mask in zip(card_challenge, _PROOF_MASK, strict=True)))


def _encrypt(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305 (one block of a challenge, never data)
    return encryptor.update(block) + encryptor.finalize()
