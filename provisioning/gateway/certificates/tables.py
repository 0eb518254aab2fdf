"""The table of certificates, in the words of `storage/schema.py`. What names somebody is sealed."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS case_certificate (number TEXT PRIMARY KEY, sealed {blob} NOT NULL,
    issued_ms {int} NOT NULL, printed_ms {int} NOT NULL) {strict};
"""
