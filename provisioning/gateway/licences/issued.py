"""Certificates that were issued as e-licences: among their holder's licences, behind what the register has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from provisioning.gateway.cases.record import CaseRecords

LICENCES, PERSON = "lic.elicence", "pop.person"
AS_LICENCE = "e-licence"
"""How the citizen wanted the certificate: the value of the field `get`."""
Record = Mapping[str, object]


class HeldLicences:
    """`lic.elicence` of a citizen: the register's licences, and the certificates of their own cases."""

    def __init__(
        self,
        records: CaseRecords,
        held: Callable[[str, str], Record | None],
        pseudonym: Callable[[str], bytes],
    ) -> None:
        """`held` is the register: id number and subject to record."""
        self._records = records
        self._held = held
        self._pseudonym = pseudonym

    def of(self, id_number: str) -> Record | None:
        """The record, or None where the city holds no licence of theirs. Raises `StoreFailed`."""
        kept = self._held(id_number, LICENCES)
        name = str((self._held(id_number, PERSON) or {}).get("name", ""))
        issued = [
            {
                "id": number,
                "type": f"proof-{service}",
                "holder": name,
                "from": day,
                "to": "",
                "agency": agency,
                "trust": "A",
                "state": "valid",
            }
            for number, service, agency, day in self._records.issued(self._pseudonym(id_number), AS_LICENCE)
        ]
        if not issued:
            return kept
        listed = cast("list[object]", (kept or {}).get("licences", []))
        return {**(kept or {}), "licences": [*listed, *issued]}
