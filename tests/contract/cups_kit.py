"""A private CUPS server on a loopback port, with its own folders: nothing of the machine's own printing is touched."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import subprocess
import time
from pathlib import Path

CUPSD = Path("/usr/sbin/cupsd")
SHIPPED = Path(__file__).parents[2] / "provisioning" / "cups"
"""What a terminal's own CUPS must be told."""
START_S = 20.0
_CONF = """
LogLevel info
Listen 127.0.0.1:{port}
WebInterface No
Browsing No
DefaultAuthType None
JobKillDelay 1
{shipped}
<Location />
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Location /admin>
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Policy default>
  JobPrivateAccess all
  SubscriptionPrivateAccess all
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
_FILES = """
ServerRoot {root}
{shipped}
CacheDir {root}/cache
StateDir {root}/run
AccessLog {root}/access_log
ErrorLog {root}/error_log
PageLog {root}/page_log
FileDevice Yes
User {user}
Group {group}
"""


_PPD = """*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "PDF.PPD"
*Manufacturer: "Kiosk"
*Product: "(PDF)"
*ModelName: "PDF"
*ShortNickName: "PDF"
*NickName: "PDF as it is"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*ColorDevice: False
*cupsFilter2: "application/pdf application/pdf 0 THROUGH"
*OpenUI *PageSize/Paper: PickOne
*DefaultPageSize: A4
*PageSize A4/A4: ""
*CloseUI: *PageSize
*OpenUI *PageRegion/Paper: PickOne
*DefaultPageRegion: A4
*PageRegion A4/A4: ""
*CloseUI: *PageRegion
*DefaultImageableArea: A4
*ImageableArea A4/A4: "0 0 595 842"
*DefaultPaperDimension: A4
*PaperDimension A4/A4: "595 842"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PrivateCups:
    """`cupsd` in a folder of its own. Needs the packages cups and cups-client."""

    def __init__(self, root: Path) -> None:
        """Raises `AssertionError` with the server's own words where it does not come up."""
        self.root = root
        self.port = free_port()
        owner = pwd.getpwnam("lp") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        for name in ("spool", "spool/tmp", "cache", "run", "run/certs", "tmp", "ssl", "ppd", "out"):
            folder = root / name
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)
        names = {"root": root, "port": self.port, "user": owner.pw_name, "group": grp.getgrgid(owner.pw_gid).gr_name}
        for name, text in (("cupsd.conf", _CONF), ("cups-files.conf", _FILES)):
            shipped = (SHIPPED / name).read_text("ascii").replace("/run/kiosk-cups", f"{root}/spool")
            (root / name).write_text(text.format(**names, shipped=shipped), encoding="ascii")
        command = [str(CUPSD), "-f", "-c", str(root / "cupsd.conf"), "-s", str(root / "cups-files.conf")]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._await()

    def _await(self) -> None:
        until = time.monotonic() + START_S
        while self._server.poll() is None and time.monotonic() < until:
            with socket.socket() as probe:
                probe.settimeout(0.5)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)  # the server tells nobody that it listens
        log = self.root / "error_log"
        said = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
        self.close()
        raise AssertionError(f"cupsd did not come up: {said}")

    def add_queue(self, name: str, device: str) -> str:
        """A queue that takes PDF as it is; returns its address. (Without a filter, nothing comes to a file.)"""
        description = self.root / "pdf.ppd"
        through = self.root / "through"
        through.write_text('#!/bin/sh\nexec cat "${6:--}"\n', encoding="ascii")
        through.chmod(0o755)
        description.write_text(_PPD.replace("THROUGH", str(through)), encoding="ascii")
        self._run("lpadmin", "-p", name, "-E", "-v", device, "-P", str(description))
        return f"ipp://127.0.0.1:{self.port}/printers/{name}"

    def pause(self, name: str) -> None:
        self._run("cupsdisable", name)

    def waiting(self, name: str) -> list[str]:
        """The jobs that have not ended."""
        return self._run("lpstat", "-W", "not-completed", "-o", name).splitlines()

    def _run(self, program: str, *words: str) -> str:
        command = [program, "-h", f"127.0.0.1:{self.port}", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, f"{program}: {done.stderr}"
        return done.stdout

    def kept(self, piece: bytes) -> list[str]:
        """The files of the server that hold this piece of a page; a page is gone a moment after its job has ended."""
        until = time.monotonic() + START_S
        while (found := self._holding(piece)) and time.monotonic() < until:
            time.sleep(0.05)  # the server tells nobody when it has deleted a page
        return found

    def _holding(self, piece: bytes) -> list[str]:
        found: list[str] = []
        for folder in ("spool", "cache", "run", "tmp"):
            for file in (self.root / folder).rglob("*"):
                try:
                    held = piece in file.read_bytes() if file.is_file() else False
                except FileNotFoundError:  # deleted while we looked
                    continue
                found.extend([file.name] if held else [])
        return found

    def close(self) -> None:
        """End the server; its folder stays."""
        if self._server.poll() is None:
            self._server.terminate()
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
