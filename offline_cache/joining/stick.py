"""A terminal without a network joins by a stick: its request out, the gateway's signed answer back.

Run as often as one likes: the request is made anew while there is no answer, always for the same key, and an answer
for this key is taken from whatever it lies beside. A plug pulled in between leaves key and stick as they were.
"""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

from offline_cache import catalogue, state
from offline_cache import enrolment as enrolments
from offline_cache.disk.files import PUBLIC, read_limited, write_atomic
from offline_cache.enrolment import Enrolment
from offline_cache.errors import AuthorityMismatch, BadSignature, EnrolmentDamaged, MalformedMessage, StorageFailed
from offline_cache.gateway import signing_request
from offline_cache.joining.join import JOINING_FILE, KEY_FILE, own_key
from offline_cache.joining.site import SiteData
from offline_cache.wire.fleet.carried import ANSWER, MAX_CARRIED_BYTES, REQUEST, Carried, decode_carried
from offline_cache.wire.fleet.joining import JoinRequest, Offer, encode_join, fingerprint, offer


def write_request(state_dir: Path, site: SiteData, stick: Path) -> Offer:
    """Write this terminal's request onto the stick; `Offer.code` is to be compared at the gateway.

    Raises:
        StorageFailed: the stick is not there, full, or may not be written; or this disk.
    """
    device = state.device(state_dir).device
    key = own_key(state_dir)
    shown = offer(site.model, site.serial or device[:8], fingerprint(key.public_key()), secrets.token_hex(16))
    asked = JoinRequest(signing_request(key, device), device, shown.model, shown.serial, shown.nonce)
    for old in _files(stick, REQUEST):
        if _same_device(old, device):
            with contextlib.suppress(OSError):  # an earlier request of this terminal: the gateway takes either
                old.unlink()
    write_atomic(stick / f"kiosk-{shown.code}{REQUEST}", encode_join(asked), PUBLIC)
    return shown


def take_answer(state_dir: Path, site: SiteData, stick: Path) -> Enrolment | None:
    """Join by the answer on the stick that is for this terminal's key; None where there is none.

    Raises:
        AuthorityMismatch: there are answers, all of another gateway than the site's data say.
        BadSignature, MalformedMessage: an answer that was changed or cut short.
        EnrolmentDamaged: unsent entries belong to another gateway. StorageFailed.
    """
    key, refused = own_key(state_dir), None
    for file in _files(stick, ANSWER):
        try:
            carried = decode_carried(read_limited(file, MAX_CARRIED_BYTES) or b"", site.ca_hash)
            joined = enrolments.save(
                state_dir, carried.gateway_url, state.device(state_dir).device, site.model, key, carried.answer
            )
        except EnrolmentDamaged:
            continue  # for another terminal's key; nothing was written
        except (AuthorityMismatch, BadSignature, MalformedMessage) as error:
            refused = error
            continue
        _finish(state_dir, joined, carried)
        return joined
    if refused is not None:
        raise refused
    return None


def _finish(state_dir: Path, joined: Enrolment, carried: Carried) -> None:
    state.adopt(state_dir, joined)
    for name, (etag, signed) in carried.published.items():
        catalogue.bring(state_dir, name, etag, signed, joined.signing_key)
    for name in (JOINING_FILE, KEY_FILE):
        (state_dir / name).unlink(missing_ok=True)


def _files(stick: Path, suffix: str) -> list[Path]:
    try:
        named = (one for one in stick.iterdir() if one.name.endswith(suffix) and not one.name.startswith("."))
        return sorted(one for one in named if one.is_file())  # a pipe would be waited for without an end
    except OSError as error:
        raise StorageFailed(f"{stick} cannot be read: {error.strerror}") from error


def _same_device(file: Path, device: str) -> bool:
    with contextlib.suppress(StorageFailed):
        return device.encode() in (read_limited(file, MAX_CARRIED_BYTES) or b"")
    return False
