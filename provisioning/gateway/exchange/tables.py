"""The tables of the exchange, in the words of `storage/schema.py`."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS subscriber (name TEXT PRIMARY KEY, token_hash {blob} NOT NULL UNIQUE, agency TEXT NOT NULL,
    added_ms {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS subscriber_seen (name TEXT NOT NULL REFERENCES subscriber, topic TEXT NOT NULL,
    position {int} NOT NULL, at_ms {int} NOT NULL, PRIMARY KEY (name, topic)) {strict};
CREATE TABLE IF NOT EXISTS exchange_reading (person {blob} NOT NULL, subscriber TEXT NOT NULL, agency TEXT NOT NULL,
    position {int} NOT NULL, number TEXT NOT NULL, service TEXT NOT NULL, at_ms {int} NOT NULL,
    PRIMARY KEY (subscriber, position)) {strict};
CREATE INDEX IF NOT EXISTS exchange_reading_person ON exchange_reading (person, at_ms);
"""
