"""Offices and districts of the published directory, for the fleet's map and the enrolment's choice of a site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True)
class OfficeSeen:
    """An office as the directory has it."""

    id: str
    name: Mapping[str, str]
    district: str
    matters: tuple[str, ...]


class Places:
    """Read again when the directory changes."""

    def __init__(self) -> None:
        self._etag = ""
        self.offices: Mapping[str, OfficeSeen] = {}
        self.districts: Mapping[str, Mapping[str, str]] = {}
        """Code -> its name in each language."""

    def read(self, etag: str, content: Callable[[], Mapping[str, object]]) -> None:
        """Take the directory in, unless this version was."""
        if etag == self._etag:
            return
        found = cast("Mapping[str, list[dict[str, Any]]]", content())
        self.offices = {
            str(item["id"]): OfficeSeen(
                str(item["id"]), dict(item["name"]), str(item.get("district", "")), tuple(item.get("matters", ()))
            )
            for item in found["offices"]
        }
        self.districts = {str(item["code"]): dict(item["name"]) for item in found["divisions"]}
        self._etag = etag

    def district(self, site: Mapping[str, str]) -> str:
        """The code of the district that a terminal stands in; empty where its site does not tell."""
        office = self.offices.get(site.get("office", ""))
        return site.get("district") or ("" if office is None else office.district)
