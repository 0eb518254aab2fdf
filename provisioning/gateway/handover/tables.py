"""The table of forms that go on to a telephone, in the words of `storage/schema.py`."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS handover (token {blob} PRIMARY KEY, page {blob} NOT NULL UNIQUE, person {blob} NOT NULL,
    terminal TEXT NOT NULL, sealed {blob} NOT NULL, expires_ms {int} NOT NULL, opened_ms {int} NOT NULL,
    held_ms {int} NOT NULL, entry TEXT NOT NULL, seq {int} NOT NULL, number TEXT NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS handover_expiry ON handover (expires_ms);
"""
