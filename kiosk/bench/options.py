"""What `kiosk bench` was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BenchOptions:
    """The options of `kiosk bench`; see its help."""

    headless: bool = False
    port: int = 0
    stack: str = "sim"
    gateway: str | None = None
    landscape: bool = False
    state: Path | None = None
    config: Path | None = None
    unenrolled: bool = False
    """The terminal has joined no gateway: it begins with commissioning."""
    office: str | None = None
    """Where the terminal stands, by the gateway's list of offices; empty: in the street; None: as the gateway says."""
