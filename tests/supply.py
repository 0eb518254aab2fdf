"""What the product is built from: `make supply` lists it, `make audit` asks what is known to be wrong with it.

    python -m tests.supply [--out build/supply]     sbom.cdx.json (CycloneDX 1.6, validated) and licences.md
    python -m tests.supply --audit                  0: nothing known; 1: something is; 3: no database answered

Packages and hashes are those of `requirements.lock`; licences are what each installed package says of itself, put right
by `provisioning/licences.toml` where that is no SPDX expression. Debian packages are those of the terminal's package.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from boolean.boolean import AND, OR
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import LicenseAcknowledgement, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing
from packageurl import PackageURL

from tests.repository import ROOT

LOCK, DEV_LOCK = "requirements.lock", "requirements-dev.lock"
NONE_REACHABLE = 3
_TABLE = ROOT / "provisioning" / "licences.toml"
_CONTROL = ROOT / "provisioning" / "package" / "control" / "control.in"
_PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)", re.MULTILINE)


class LicenceUnknown(Exception):
    """A package whose licence nobody has read; it belongs into `provisioning/licences.toml`."""

    code = "licence-unknown"


@dataclass(frozen=True)
class Part:
    """One package. `used` is empty for Python, else how a Debian package is used."""

    name: str
    version: str
    licence: str
    """An SPDX expression."""
    hashes: tuple[str, ...] = ()
    used: str = ""


def table() -> Mapping[str, Any]:
    """`provisioning/licences.toml`."""
    return tomllib.loads(_TABLE.read_text("utf-8"))


@cache
def _spdx() -> Any:
    """The known licences; reading them takes a moment."""
    return get_spdx_licensing()


def python_parts(lock: str = LOCK) -> list[Part]:
    """Every locked package with its licence. Raises `LicenceUnknown`, naming all."""
    known, unknown, parts = table(), list[str](), list[Part]()
    for name, version, hashes in _PIN.findall((ROOT / lock).read_text("utf-8")):
        licence = _licence_of(name, known)
        if licence:
            parts.append(Part(name, version, licence, tuple(re.findall(r"[0-9a-f]{64}", hashes))))
        else:
            unknown.append(name)
    if unknown:
        raise LicenceUnknown(f"nobody has read the licence of: {', '.join(unknown)}")
    return parts


def _licence_of(name: str, known: Mapping[str, Any]) -> str:
    """The SPDX expression of an installed package, or nothing."""
    read: str | None = known["python"].get(name)
    if read is not None:
        return read
    said = metadata.metadata(name)
    text = said.get("License-Expression") or said.get("License") or ""
    text = known["spelling"].get(text.strip(), text.strip())
    return text if text and not _spdx().validate(text).errors else ""


def debian_parts() -> list[Part]:
    """What the terminal's package asks Debian for. Raises `LicenceUnknown`, naming all."""
    known: Mapping[str, Mapping[str, str]] = table()["debian"]
    names = sorted(set(_asked_of_debian()))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise LicenceUnknown(f"nobody has read the licence of: {', '.join(unknown)}")
    return [Part(name, "", known[name]["licence"], used=known[name]["used"]) for name in names]


def _asked_of_debian() -> Iterator[str]:
    for line in _CONTROL.read_text("utf-8").splitlines():
        if line.startswith(("Depends:", "Recommends:")):
            for asked in line.partition(":")[2].split(","):
                yield re.sub(r"\(.*\)", "", asked).strip()


def allowed(licence: str, fine: frozenset[str]) -> bool:
    """Whether a licence goes with ours: of alternatives one is enough, of what comes together all."""
    tree = _spdx().parse(licence, validate=False)

    def holds(node: Any) -> bool:
        if isinstance(node, OR):
            return any(holds(part) for part in node.args)
        if isinstance(node, AND):
            return all(holds(part) for part in node.args)
        return str(node) in fine

    return holds(tree)


def forbidden() -> list[Part]:
    """What may not be in the product: every part that is linked or shipped under terms that do not go with ours.

    Tools of the developers, and programs that run by themselves, may be under any free licence that is known.
    """
    fine = frozenset(table()["allowed"])
    return [
        part
        for part in (*python_parts(), *debian_parts())
        if part.used != "program" and not allowed(part.licence, fine)
    ]


# ------------------------------------------------------------------------------------------------------ the lists


def sbom() -> str:
    """The bill of materials, JSON, the same for the same locks. Raises `LicenceUnknown`, `ValueError`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    product = Component(
        name=project["name"], version=project["version"], type=ComponentType.APPLICATION, bom_ref=project["name"],
        licenses=[_declared(project["license"])],
    )  # fmt: skip
    bom = Bom(components=[*map(_python_component, python_parts()), *map(_debian_component, debian_parts())])
    bom.metadata.component = product
    bom.dependencies.add(Dependency(product.bom_ref, [Dependency(one.bom_ref) for one in bom.components]))
    output = JsonV1Dot6(bom)
    text = output.output_as_string(indent=1)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise ValueError(f"the bill of materials is none: {wrong}")
    return _without_moment(text)


def _without_moment(text: str) -> str:
    """Without the time and the number of this run: the same locks give the same file."""
    text = re.sub(r',\n "serialNumber": "[^"]*"', "", text)
    return re.sub(r',\n {2}"timestamp": "[^"]*"|"timestamp": "[^"]*",\n\s*', "", text) + "\n"


def _python_component(part: Part) -> Component:
    url = PackageURL("pypi", name=part.name, version=part.version)
    return Component(
        name=part.name, version=part.version, purl=url, bom_ref=str(url), licenses=[_declared(part.licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.hashes[0])] if len(part.hashes) == 1 else [],
        properties=[Property(name="locked:sha256", value=one) for one in part.hashes],
    )  # fmt: skip


def _debian_component(part: Part) -> Component:
    url = PackageURL("deb", "debian", part.name)
    used = Property(name="used", value=part.used)
    return Component(name=part.name, purl=url, bom_ref=str(url), licenses=[_declared(part.licence)], properties=[used])


def _declared(licence: str) -> LicenseExpression:
    return LicenseExpression(licence, acknowledgement=LicenseAcknowledgement.DECLARED)


def licences() -> str:
    """The table for people."""
    lines = ["# What the terminal is built from", "", "| package | version | licence | how |", "|---|---|---|---|"]
    for part in (*python_parts(), *debian_parts()):
        how = {"": "Python, in the package"}.get(part.used, f"Debian, {part.used}")
        lines.append(f"| {part.name} | {part.version or 'of Debian 12'} | {part.licence} | {how} |")
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------------------------------------------------- audit


def audit(folder: Path) -> int:
    """Ask the vulnerability database of uv about the locked versions; returns what this command exits with."""
    folder.mkdir(parents=True, exist_ok=True)
    pins = "".join(f'  "{name}=={version}",\n' for name, version, _ in _PIN.findall((ROOT / LOCK).read_text("utf-8")))
    head = '[project]\nname = "audited"\nversion = "0"\nrequires-python = "==3.11.*"\ndependencies = [\n'
    (folder / "pyproject.toml").write_text(head + pins + "]\n", "utf-8")
    command = [str(Path(sys.executable).with_name("uv")), "audit", "--project", str(folder), "--quiet",
               "--cache-dir", str(ROOT / "build" / "cache" / "uv")]  # fmt: skip
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return told(ended.returncode, ended.stdout, ended.stderr)


def told(code: int, out: str, err: str) -> int:
    """Say what came of it, and what to do. uv: 0 nothing, 1 something, anything else: it could not ask."""
    if code == 0:
        print(f"audit: nothing is known against the {len(python_parts())} locked packages")
        return 0
    if code == 1:
        print(out.strip())
        print("audit: raise what is named: make lock UPGRADE=--upgrade", file=sys.stderr)
        return 1
    last = err.strip().splitlines()
    print("audit: NOTHING WAS CHECKED: no vulnerability database could be asked from here", file=sys.stderr)
    print(f"audit: {last[-1].strip() if last else 'no reason given'}; run it where there is a network", file=sys.stderr)
    return NONE_REACHABLE


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.supply", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "supply", metavar="FOLDER")
    parser.add_argument("--audit", action="store_true")
    asked = parser.parse_args()
    if asked.audit:
        return audit(asked.out / "audit")
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, text in (("sbom.cdx.json", sbom()), ("licences.md", licences())):
        (asked.out / name).write_text(text, "utf-8")
        print(asked.out / name)
    wrong = forbidden()
    for part in wrong:
        print(f"supply: {part.name} is under {part.licence}, which does not go with Apache-2.0", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
