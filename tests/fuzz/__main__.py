"""`make fuzz`: each family under a coverage-guided fuzzer (atheris), one after the other.

    python -m tests.fuzz [FAMILY…] --seconds 60 --seed 7      fuzz; corpus and findings under build/fuzz
    python -m tests.fuzz FAMILY --replay FILE                 read one finding again

A finding is an exception that is no leaf, an input that takes longer than ten seconds, or more than two gigabytes.
Atheris is no dependency of the project: `make fuzz` puts it into build/fuzz-tools.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.fuzz.changes import changed
from tests.fuzz.kit import NAMES, Family

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
HOUSE = ("drivers", "kiosk", "offline_cache", "provisioning")
FIGURES = BUILD / "figures.json"
_INPUT_S, _MEMORY_MB, _INPUT_BYTES = 10, 2048, 16384
_MOST_FINDINGS = 20


def family(name: str) -> Family:
    """The family of that name, imported now."""
    return importlib.import_module(f"tests.fuzz.{name}").FAMILY


def fuzz_here(name: str, seconds: int, seed: int) -> None:
    """Fuzz one family in this process; ends the process."""
    import atheris

    with atheris.instrument_imports(include=list(HOUSE)):
        found = family(name)
    corpus, findings = BUILD / name / "corpus", BUILD / name / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, (reader, data) in enumerate(found.seeds()):
        (corpus / f"seed-{reader}-{number}").write_bytes(data)
    options = [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-timeout={_INPUT_S}",
        f"-rss_limit_mb={_MEMORY_MB}",
        f"-max_len={_INPUT_BYTES}",
        f"-artifact_prefix={findings}/",
        "-print_final_stats=1",
        str(corpus),
    ]

    def mutate(data: bytes, size: int, seed: int) -> bytes:
        """Half of the time a document inside is changed as a document, else bytes are."""
        made = changed(data, seed) if seed % 2 else None
        return atheris.Mutate(data, size) if made is None or len(made) > size else made

    atheris.Setup([name, *options], found.run, custom_mutator=mutate)
    atheris.Fuzz()


def fuzz(name: str, seconds: int, seed: int) -> dict[str, Any]:
    """Fuzz one family in processes of its own, a new one after each finding; returns the figures."""
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(filter(None, (str(ROOT / "build" / "fuzz-tools"), os.environ.get("PYTHONPATH", ""))))
    environment = {**os.environ, "PYTHONPATH": path}
    began, inputs, edges, findings = time.monotonic(), 0, 0, list[str]()
    while (left := seconds - int(time.monotonic() - began)) > 0 and len(findings) < _MOST_FINDINGS:
        asked = ["--seconds", str(left), "--seed", str(seed + len(findings))]
        log = folder / f"log-{len(findings)}"
        with log.open("wb") as out:
            command = [sys.executable, "-m", "tests.fuzz", name, "--here", *asked]
            ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=out, stderr=out, check=False)
        text = log.read_text("utf-8", "replace")
        inputs += max((int(found) for found in re.findall(r"^#(\d+)\s", text, re.MULTILINE)), default=0)
        edges = max([edges, *(int(found) for found in re.findall(r" cov: (\d+) ", text))])
        if ended.returncode == 0:
            break
        findings.append(_finding(text))
    return {
        "family": name,
        "seed": seed,
        "seconds": round(time.monotonic() - began),
        "inputs": inputs,
        "edges": edges,
        "corpus": len(list((folder / "corpus").glob("*"))),
        "findings": findings,
    }


def _finding(log: str) -> str:
    """The file of a finding and the last line of what was raised; where there is no file, the end of the log."""
    written = re.search(r"Test unit written to (\S+)", log)
    raised = re.search(r"=== Uncaught Python exception: ===\n(.*)", log)
    return f"{written[1]} {raised[1][:200] if raised else ''}" if written else log[-800:]


def replay(name: str, file: Path) -> None:
    """Read one input as the fuzzer did. Raises what it found."""
    data = file.read_bytes()
    found = family(name)
    print(f"{name}: {found.reader_of(data).name}, {len(data)} bytes")
    print(f"refused: {found.run(data) or 'no'}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"{', '.join(NAMES)}; none: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each family")
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time; it is printed")
    parser.add_argument("--replay", type=Path, metavar="FILE")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if unknown := sorted(set(asked.families) - set(NAMES)):
        parser.error(f"no family {unknown[0]!r}; there are {', '.join(NAMES)}")
    names = asked.families or NAMES
    seed = asked.seed or secrets.randbelow(2**31) + 1
    if asked.replay:
        replay(names[0], asked.replay)
        return 0
    if asked.here:
        fuzz_here(names[0], asked.seconds, seed)
    print(f"seed {seed}, {asked.seconds} s for each of {', '.join(names)}", flush=True)
    figures: list[dict[str, Any]] = []
    for name in names:
        figures.append(fuzz(name, asked.seconds, seed))
        one = figures[-1]
        print(f"{name}: {one['inputs']} inputs, {one['edges']} edges, {one['corpus']} in the corpus", flush=True)
        for finding in one["findings"]:
            print(f"FINDING in {name}: {finding}\n  make fuzz FUZZ={name} REPLAY=FILE", flush=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 1 if any(one["findings"] for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
