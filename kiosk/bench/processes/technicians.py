"""A technician's card for the bench's own gateway: its key is made here, its certificate signed by the gateway."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.bench.ports import BenchError
from kiosk.bench.processes.children import kiosk_command, run_to_end
from kiosk.bench.processes.gateway import GatewayHandle

WHO, PIN = "T-0042", "24681357"


def technician_card(handle: GatewayHandle, state: Path) -> dict[str, object]:
    """Have the gateway sign a new card's key: `kiosk gateway technician sign`. Returns a card document.

    Raises `BenchError` (`no-technicians`) where the gateway is not the bench's own.
    """
    if handle.folder is None:
        raise BenchError(
            "no-technicians",
            "This bench did not start the gateway, so it cannot have a technician's card signed.",
            "Sign one there (kiosk gateway technician sign), and insert it as a card document.",
            409,
        )
    key = ec.generate_private_key(ec.SECP256R1())
    public, signed = state / "technician.pub", state / "technician.pem"
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )  # fmt: skip
    options = ["--who", WHO, "--dir", str(handle.folder), "--to", str(signed)]
    run_to_end(kiosk_command("gateway", "technician", "sign", str(public), *options))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signing = {"key": private.decode("ascii"), "certificate": signed.read_text("ascii")}
    return {"profile": "piv", "pin": PIN, "holder": {"name": WHO, "id_number": WHO}, "signing": signing}
