"""Who acts at the bench's own gateway: a technician with a card and a telephone, and an office with its verdicts.

A technician's key is made here, its certificate signed by the gateway. The telephone opens the address that stands on
the screen, logged in with the operator's token, past the terminal's cable: what it shows, the gateway's pages show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.bench.ports import TECHNICIAN_PIN, BenchError
from kiosk.bench.processes.children import kiosk_command, run_to_end
from kiosk.bench.processes.gateway import GatewayHandle, operator_token
from kiosk.settings import usable
from offline_cache import service
from offline_cache.errors import CacheError
from offline_cache.wire.fleet.technician import PATH, serial_of

WHO, PIN = "T-0042", TECHNICIAN_PIN
ENROL = "/enrol"
"""The gateway's page that a fresh terminal's code opens; its form goes to `/enrol/bind`."""
OFFICE, LABEL = "rongshu", "3 号机"
"""Where a technician's telephone says that a fresh terminal stands, and what it is called there."""
POCKET, SOCKET = "stick", "usb/stick"
"""Where the technician's USB stick is, in the state folder: a bench has no mounts, so it is a folder."""
TIMEOUT_S = 30.0
_PROOF = re.compile(r'name="proof" value="([0-9a-f]+)"')
_DIGITS = re.compile(r">([0-9]{4}) ([0-9]{4})<")


def technician_card(handle: GatewayHandle, state: Path) -> dict[str, object]:
    """Have the gateway sign a new card's key: `kiosk gateway technician sign`. Returns a card document.

    Raises `BenchError` (`no-technicians`) where the gateway is not the bench's own.
    """
    folder = _own(handle)
    key = ec.generate_private_key(ec.SECP256R1())
    public, signed = state / "technician.pub", state / "technician.pem"
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )  # fmt: skip
    options = ["--who", WHO, "--dir", str(folder), "--to", str(signed)]
    run_to_end(kiosk_command("gateway", "technician", "sign", str(public), *options))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signing = {"key": private.decode("ascii"), "certificate": signed.read_text("ascii")}
    return {"profile": "piv", "pin": PIN, "holder": {"name": WHO, "id_number": WHO}, "signing": signing}


def serial(document: Mapping[str, object]) -> str:
    """By which the list of revoked cards, and the log, name a technician's card."""
    signing = cast("Mapping[str, object]", document["signing"])
    return serial_of(x509.load_pem_x509_certificate(str(signing["certificate"]).encode()))


def offered(words: Sequence[str], path: str = PATH) -> str:
    """The address in the code for technicians' telephones. Raises `BenchError` (`no-code`) where there is none."""
    address = next((one for one in words if one.startswith("https://") and path in one), None)
    if address is None:
        raise BenchError("no-code", "There is no code for technicians on the screen.", "Hold its name first.", 409)
    return address


def plugged(state: Path) -> Path | None:
    """The stick in the terminal's socket, if there is one."""
    return state / SOCKET if (state / SOCKET).is_dir() else None


class GatewayOfficials:
    """The `Officials` port. Calls take turns, as everything that a tester does."""

    def __init__(
        self, handle: GatewayHandle, state: Path, ca_file: str, badge: Callable[[], Mapping[str, object]], near: str
    ) -> None:
        """`badge` gives the document of the technician's card; `near` is the gateway's address through the cable."""
        self._handle = handle
        self._state = state
        self._ca_file = ca_file
        self._badge = badge
        self._near = near

    def technician(self, what: str, words: Sequence[str]) -> str:
        """As `Officials.technician`.

        Raises `BenchError`: `no-technicians`, `no-code`, `stick-elsewhere`, `gateway-silent`, `gateway-refused`,
        `child-failed`.
        """
        folder = _own(self._handle)
        if what.startswith("stick-"):
            self._stick(what.removeprefix("stick-"), folder)
            return ""
        if what == "revoked":
            run_to_end(kiosk_command("gateway", "technician", "revoke", serial(self._badge()), "--dir", str(folder)))
            self._hear()
            return ""
        if what == "joins":
            self._open(offered(words, ENROL), {"office": OFFICE, "label": LABEL}, f"{ENROL}/bind")
            return ""
        found = _DIGITS.search(self._open(offered(words), {"who": WHO}))
        if found is None:
            raise _refused("The gateway gives no code.")
        return found[1] + found[2]

    def reject(self, reason: str) -> None:
        """As `Officials.reject`: what waits is sent first, and the terminal hears the verdict at once.

        Raises `BenchError`: `no-technicians`, `nothing-sent`, `gateway-silent`, `gateway-refused`.
        """
        _own(self._handle)
        self._hear()
        held = [cast("dict[str, object]", json.loads(line)) for line in self._ask("GET", "/v1/entries").splitlines()]
        sent = [one for one in held if cast("Mapping[str, object]", one["document"]).get("kind") == "application"]
        if not sent:
            raise BenchError("nothing-sent", "No office has an entry of this terminal.", "Submit something first.", 409)
        agency = cast("Mapping[str, object]", sent[-1]["document"]).get("agency", "data")
        names = {key: sent[-1][key] for key in ("terminal", "epoch", "seq", "id")}
        said = {**names, "verdict": "rejected", "reason": reason, "agency": agency}
        self._ask("POST", "/v1/verdicts", {"verdicts": [said]})
        self._hear()

    def _stick(self, what: str, folder: Path) -> None:
        """Plug the stick in, pull it out, or carry it to the gateway, which answers the requests on it, and back."""
        pocket, socket = self._state / POCKET, self._state / SOCKET
        socket.parent.mkdir(exist_ok=True)
        if not socket.exists():
            pocket.mkdir(exist_ok=True)
        if what == "in" and pocket.exists():
            pocket.rename(socket)
        elif what == "out" and socket.exists():
            socket.rename(pocket)
        elif what == "carried" and pocket.exists():
            options = ["--dir", str(folder), "--gateway", self._near, "--office", OFFICE, "--label", LABEL]
            run_to_end(kiosk_command("gateway", "enrol-stick", str(pocket), *options))
        else:
            where = "in the terminal" if socket.exists() else "in the pocket"
            raise BenchError("stick-elsewhere", f"The stick is {where}.", "See stick-in and stick-out.", 409)

    def _open(self, address: str, form: Mapping[str, str], to: str = PATH) -> str:
        """Open the address on a telephone that has logged in, fill in the form, send it; what the page says then."""
        parts = urlsplit(address)
        asked = dict(parse_qsl(parts.query))
        with self._session() as phone:
            url = self._handle.url
            entered = self._send(phone, "POST", f"{url}/fleet/login", {"token": operator_token(self._handle) or ""})
            phone.headers["Cookie"] = entered.headers.get("set-cookie", "").partition(";")[0]
            proof = _PROOF.search(self._send(phone, "GET", f"{url}{parts.path}?{parts.query}").text)
            if proof is None:
                raise _refused("The gateway's page asks for nothing.")
            return self._send(phone, "POST", f"{url}{to}", {**asked, **form, "proof": proof[1]}).text

    def _ask(self, method: str, path: str, body: object = None) -> str:
        with self._session() as session:
            session.headers["Authorization"] = f"Bearer {operator_token(self._handle)}"
            return self._send(session, method, f"{self._handle.url}{path}", body=body).text

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.verify = self._ca_file
        return session

    def _send(
        self,
        session: requests.Session,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        body: object = None,
    ) -> requests.Response:
        try:
            answer = session.request(method, url, data=form, json=body, allow_redirects=False, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            said = f"The gateway did not answer: {type(error).__name__}."
            raise BenchError("gateway-silent", said, "See STATE/gateway/gateway.out.", 503) from error
        if answer.status_code >= requests.codes.bad_request:
            raise _refused(f"The gateway refused with {answer.status_code}.")
        answer.encoding = "utf-8"
        return answer

    def _hear(self) -> None:
        """Let the terminal ask the gateway now, not in some minutes; where the cable is out, it hears later."""
        try:
            service.drain(self._state, usable)
        except CacheError as error:
            raise BenchError(error.code, str(error), "See `kiosk doctor --state`.", 503) from error


def _own(handle: GatewayHandle) -> Path:
    """The folder of the bench's own gateway. Raises `BenchError` (`no-technicians`) where it is another's."""
    if handle.folder is None:
        raise BenchError(
            "no-technicians",
            "This bench did not start the gateway, so nobody here can act there.",
            "Sign a technician's card there (kiosk gateway technician sign), and insert it as a card document.",
            409,
        )
    return handle.folder


def _refused(said: str) -> BenchError:
    return BenchError("gateway-refused", said, "See STATE/gateway/gateway.out.", 502)
