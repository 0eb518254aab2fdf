"""The tables of enrolments by telephone and of renewals, in the words of `storage/schema.py`."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS enrol_binding (key {blob} PRIMARY KEY, model TEXT NOT NULL, serial TEXT NOT NULL,
    site TEXT NOT NULL, bound_ms {int} NOT NULL, expires_ms {int} NOT NULL, claimed_ms {int} NOT NULL,
    cancelled_ms {int} NOT NULL, terminal TEXT NOT NULL, certificate TEXT NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS enrol_renewal (public_key {blob} PRIMARY KEY, not_after_ms {int} NOT NULL,
    certificate TEXT NOT NULL) {strict};
"""
