"""From the start of `kiosk.service` to the attract screen, against a bare Kivy window; and the doctor against itself.

The service's process is the one of the unit, on the real drivers with nothing plugged in and without a display; what
it tells systemd when its first screen stands (READY=1) ends the time. The bare window is the one of
`bench_first_paint`. The doctor looks at this machine, real probes, side by side: all against its slowest single check.
Run: `python -m tests.bench.bench_service_start`.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kiosk.doctor.check import run_checks
from kiosk.doctor.probes import real_site
from kiosk.doctor.table import CHECKS
from kiosk.settings import Settings
from tests.bench.bench_first_paint import BARE, FONTS, run
from tests.bench.figures import Figure, Figures

ROUNDS = 5
RATIO_TARGET = 2.0
"""Service start to attract screen over the bare window's start."""
DOCTOR_TARGET = 1.2
"""All checks over the slowest one."""
WHY_START = (
    "Before its first screen the service has read its catalogue, opened its outbox and made its session; twice the "
    "modules of a window are imported for that."
)
WAIT_S = 60


def start(folder: Path, state: Path) -> float:
    """Milliseconds from `exec` to READY=1."""
    channel = folder / "notify"
    state.mkdir(mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(channel))
        heard.settimeout(WAIT_S)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("KIVY")}
        environment["NOTIFY_SOCKET"] = str(channel)
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # the package brings everything compiled
        environment |= {"KIOSK_STATE": str(state), "PCSCLITE_CSOCK_NAME": str(folder / "no-pcscd")}
        command = [sys.executable, "-m", "kiosk.cli.run"]
        began = time.perf_counter()
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                while not heard.recv(4096).startswith(b"READY=1"):
                    pass
                return (time.perf_counter() - began) * 1000
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(WAIT_S)


def doctor(folder: Path) -> tuple[float, float]:
    """Milliseconds of all checks together, and of the slowest."""
    site = real_site(folder, Settings(), "", FONTS)
    began = time.perf_counter()
    results = run_checks(CHECKS, site)
    return (time.perf_counter() - began) * 1000, max(one.took_ms for one in results)


def main() -> int:
    bare: list[float] = []
    service: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        run(BARE, home)
        for number in range(ROUNDS + 1):
            folder = Path(home) / str(number)
            folder.mkdir()
            service.append(start(folder, Path(home) / "state"))
            bare.append(run(BARE, home)[0])
        looks = [doctor(Path(home) / "state") for _ in range(ROUNDS)]
    bare, service = bare[1:], service[1:]  # the first ones warm the disk and make the outbox
    ratios = [one / other for one, other in zip(service, bare, strict=True)]
    plain, attract = statistics.median(bare), statistics.median(service)
    whole, slowest = (statistics.median(column) for column in zip(*looks, strict=True))
    told = Figures("service_start", "The service's start, and the doctor", ("kivy",))
    told.add(
        Figure("service start to attract screen / bare Kivy window", attract / plain, most=RATIO_TARGET, runs=ROUNDS,
               low=min(ratios), high=max(ratios), detail=f"{attract:.0f} ms, {plain:.0f} ms", why=WHY_START)
    )  # fmt: skip
    told.add(
        Figure("the doctor's checks / the slowest of them", whole / max(slowest, 1), most=DOCTOR_TARGET, runs=ROUNDS,
               detail=f"{len(CHECKS)} checks in {whole:.0f} ms, the slowest {slowest:.0f} ms")
    )  # fmt: skip
    return told.close()


if __name__ == "__main__":
    sys.exit(main())
