"""The tables of shared licences, in the words of `storage/schema.py`."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS licence_share (id {blob} PRIMARY KEY, person {blob} NOT NULL, sealed {blob} NOT NULL,
    made_ms {int} NOT NULL, expires_ms {int} NOT NULL, stopped_ms {int} NOT NULL, views {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS licence_share_person ON licence_share (person, expires_ms);
"""
