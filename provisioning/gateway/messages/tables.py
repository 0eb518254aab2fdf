"""The tables of the messages, in the words of `storage/schema.py`."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS message (id {key}, cause TEXT NOT NULL UNIQUE, way TEXT NOT NULL, text_id TEXT NOT NULL,
    language TEXT NOT NULL, number TEXT NOT NULL, sealed {blob} NOT NULL, state TEXT NOT NULL, tries {int} NOT NULL,
    due_ms {int} NOT NULL, made_ms {int} NOT NULL, done_ms {int} NOT NULL, problem TEXT NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS message_due ON message (state, due_ms);
CREATE TABLE IF NOT EXISTS message_feed (feed TEXT PRIMARY KEY, position {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS message_outbox (position {key}, cause TEXT NOT NULL UNIQUE, way TEXT NOT NULL,
    recipient TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, at_ms {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS contact (person {blob} PRIMARY KEY, sealed {blob} NOT NULL,
    changed_ms {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS email_proof (id TEXT PRIMARY KEY, person {blob} NOT NULL, sealed {blob} NOT NULL,
    code_hash {blob} NOT NULL, tries_left {int} NOT NULL, expires_ms {int} NOT NULL, proved_ms {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS email_proof_person ON email_proof (person);
CREATE TABLE IF NOT EXISTS call_back (id {key}, cause TEXT NOT NULL UNIQUE, number TEXT NOT NULL,
    sealed {blob} NOT NULL, slot TEXT NOT NULL, state TEXT NOT NULL, tries {int} NOT NULL, asked_ms {int} NOT NULL,
    due_ms {int} NOT NULL, changed_ms {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS call_back_due ON call_back (state, due_ms, id);
"""
