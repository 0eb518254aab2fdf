"""Synthetic applications, as the terminal seals them; and the dictionary that is trained on them.

`python -m tests.outbox_documents NUMBER FILE` trains a dictionary. One that was shipped is never trained again under
its number, because bodies are opened with it years later: a new one gets a new number and a file of its own, and both
go into `offline_cache.seal`. Names, numbers and addresses here are drawn by chance; no person is meant.
"""

from __future__ import annotations

import base64
import datetime
import functools
import random
import sys
import tomllib
from pathlib import Path

import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from offline_cache.messages import json_dumps

ASSETS = Path(__file__).resolve().parent.parent / "assets"
DICTIONARY_BYTES = 16 * 1024
TRAINED_ON = 3000
_START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@functools.cache
def _services() -> list[dict]:
    found = [tomllib.loads(path.read_text("utf-8")) for path in sorted((ASSETS / "services").glob("*.toml"))]
    return [service for service in found if "id" in service and service.get("groups")]


@functools.cache
def _groups() -> dict[str, list[dict]]:
    return tomllib.loads((ASSETS / "services" / "groups.toml").read_text("utf-8")).get("groups", {})


def _character(numbers: random.Random) -> str:
    return chr(numbers.randrange(0x4E00, 0x9000))


def _value(field: dict, numbers: random.Random) -> str:
    kind = field.get("type", "text")
    if kind == "date":
        return f"{numbers.randrange(1940, 2010)}-{numbers.randrange(1, 13):02d}-{numbers.randrange(1, 29):02d}"
    if kind == "phone":
        return f"140{numbers.randrange(10**8):08d}"
    if kind == "email":
        return f"{numbers.getrandbits(40):x}@example.com"
    if kind == "place":
        return "广东省广州市" + "".join(_character(numbers) for _ in range(8)) + f"{numbers.randrange(1, 300)}号"
    if kind == "choice":
        return numbers.choice(["1", "2", "self", "print", "sms", "school"])
    return "".join(_character(numbers) for _ in range(3))


@functools.cache
def _authority() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _proof(name: str, id_number: str, numbers: random.Random) -> dict[str, str]:
    """A card's signature and certificate: the part of a document that hardly compresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, id_number),
        ]
    )
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Simulated card authority"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(numbers.getrandbits(127) | 1)
        .not_valid_before(_START)
        .not_valid_after(_START + datetime.timedelta(days=10950))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(_authority().public_key()), critical=False)
        .sign(_authority(), hashes.SHA256())
    )
    return {
        "signature": base64.b64encode(numbers.randbytes(64)).decode(),
        "certificate": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
    }


def application(numbers: random.Random, seq: int = 1) -> dict[str, object]:
    """One application of 1.5 to 2 KB, with the names and the order of fields that the session gives it."""
    service = numbers.choice(_services())
    name = "".join(_character(numbers) for _ in range(numbers.choice([2, 3, 3])))
    birth = f"{numbers.randrange(1940, 2010)}-{numbers.randrange(1, 13):02d}-{numbers.randrange(1, 29):02d}"
    id_number = f"440199{birth.replace('-', '')}{numbers.randrange(1000):03d}{numbers.choice('0123456789X')}"
    fields = [*(item for group in service["groups"] for item in _groups().get(group, []))]
    fields += service.get("field", [])
    origin = numbers.choice(["city", "city", "card"])
    answers = {
        item["id"]: {"value": _value(item, numbers), "origin": origin if "from" in item else "answer"}
        for item in fields
    }
    number = f"T{numbers.randrange(1, 3000):04d}-{seq:06d}"
    subjects = sorted({subject for item in service.get("evidence", []) for subject in item["subjects"]})
    return {
        "number": number,
        "kind": "application",
        "schema": 1,
        "service": service["id"],
        "service_version": service["version"],
        "agency": service["agency"],
        "terminal": number[:5],
        "time": f"2026-{numbers.randrange(1, 13):02d}-{numbers.randrange(1, 29):02d}T{numbers.randrange(8, 18):02d}:06",
        "language": numbers.choice(["zh-Hans", "zh-Hans", "yue", "en"]),
        "card_number": f"X{numbers.randrange(10**8):08d}",
        "holder": {
            "name": name,
            "id_number": id_number,
            "sex": numbers.choice(["female", "male"]),
            "birth_date": birth,
        },
        "fields": {"name": {"value": name, "origin": origin}, "rid": {"value": id_number, "origin": origin}, **answers},
        "left_to_office": [],
        "consent": {"given": True, "subjects": [*subjects, "pop.person", "msg.contact"]},
        "data": origin,
        "card_signature": _proof(name, id_number, numbers),
    }


def main() -> None:
    number, target = int(sys.argv[1]), Path(sys.argv[2])
    numbers = random.Random(20260101)
    samples = [json_dumps(application(numbers, seq)) for seq in range(1, TRAINED_ON + 1)]
    trained = zstandard.train_dictionary(DICTIONARY_BYTES, samples, dict_id=number, level=3)
    target.write_bytes(trained.as_bytes())
    print(f"{target}: number {trained.dict_id()}, {len(trained.as_bytes())} bytes")


if __name__ == "__main__":
    main()
