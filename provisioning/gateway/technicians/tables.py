"""The audit of one-time codes: who opened which terminal, and when. In the words of `storage/schema.py`."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS technician_code (reference TEXT NOT NULL, terminal TEXT NOT NULL, who TEXT NOT NULL,
    at_ms {int} NOT NULL, PRIMARY KEY (reference, who)) {strict};
"""
