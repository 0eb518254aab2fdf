"""The tables of a gateway, for SQLite and PostgreSQL. Every statement may be run again on a database that has them."""

from __future__ import annotations

from provisioning.gateway.appointments.schema import TABLES as APPOINTMENTS
from provisioning.gateway.cases.schema import TABLES as CASES
from provisioning.gateway.certificates.tables import TABLES as CERTIFICATES
from provisioning.gateway.enrolment.tables import TABLES as ENROLMENT
from provisioning.gateway.exchange.tables import TABLES as EXCHANGE
from provisioning.gateway.fleet.tables import TABLES as FLEET
from provisioning.gateway.handover.tables import TABLES as HANDOVER
from provisioning.gateway.identity.schema import TABLES as IDENTITY
from provisioning.gateway.licences.tables import TABLES as LICENCES
from provisioning.gateway.messages.tables import TABLES as MESSAGES
from provisioning.gateway.technicians.tables import TABLES as TECHNICIANS

# {key}: an integer primary key that the database counts up, never giving a number twice.
_TABLES = """
CREATE TABLE IF NOT EXISTS terminal (name TEXT PRIMARY KEY, device TEXT NOT NULL UNIQUE, model TEXT NOT NULL,
    site TEXT NOT NULL, enrolled_ms {int} NOT NULL, last_seen_ms {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS certificate (fingerprint {blob} PRIMARY KEY, terminal TEXT NOT NULL REFERENCES terminal,
    public_key {blob} NOT NULL, not_after_ms {int} NOT NULL, revoked {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS invite (token_hash {blob} PRIMARY KEY, site TEXT NOT NULL, expires_ms {int} NOT NULL,
    terminal TEXT) {strict};
CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, terminal TEXT NOT NULL, expires_ms {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS nonce_expiry ON nonce (expires_ms);
CREATE TABLE IF NOT EXISTS epoch (terminal TEXT NOT NULL, epoch TEXT NOT NULL, device TEXT NOT NULL,
    epoch_number {int} NOT NULL, first_seen_ms {int} NOT NULL, acked_through {int} NOT NULL, head {blob} NOT NULL,
    PRIMARY KEY (terminal, epoch)) {strict};
CREATE TABLE IF NOT EXISTS wrapped_key (terminal TEXT NOT NULL, epoch TEXT NOT NULL, key_id TEXT NOT NULL,
    enc {blob} NOT NULL, gateway_key_id TEXT NOT NULL, PRIMARY KEY (terminal, epoch, key_id, enc)) {strict};
CREATE TABLE IF NOT EXISTS journal (position {key}, terminal TEXT NOT NULL,
    epoch TEXT NOT NULL, seq {int} NOT NULL, id TEXT NOT NULL, created_ms {int} NOT NULL, boot_id TEXT NOT NULL,
    mono_ms {int} NOT NULL, key_id TEXT NOT NULL, body {blob} NOT NULL, chain {blob} NOT NULL,
    received_ms {int} NOT NULL, UNIQUE (terminal, epoch, seq)) {strict};
CREATE TABLE IF NOT EXISTS consent (id {key}, at_ms {int} NOT NULL, person {blob} NOT NULL,
    terminal TEXT NOT NULL, service TEXT NOT NULL, subjects TEXT NOT NULL, session TEXT NOT NULL, nonce TEXT NOT NULL,
    certificate_hash {blob} NOT NULL, signature {blob} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS access (id {key}, consent {int} NOT NULL REFERENCES consent,
    person {blob} NOT NULL, at_ms {int} NOT NULL, terminal TEXT NOT NULL, service TEXT NOT NULL,
    subject TEXT NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS access_person ON access (person, id);
CREATE INDEX IF NOT EXISTS access_time ON access (at_ms, subject);
CREATE TABLE IF NOT EXISTS catalogue (number {key}, hash {blob} NOT NULL UNIQUE) {strict};
CREATE TABLE IF NOT EXISTS alarm (terminal TEXT NOT NULL, code TEXT NOT NULL, epoch TEXT NOT NULL, seq {int} NOT NULL,
    first_ms {int} NOT NULL, last_ms {int} NOT NULL, times {int} NOT NULL,
    PRIMARY KEY (terminal, code, epoch)) {strict};
CREATE TABLE IF NOT EXISTS verdict (position {key}, terminal TEXT NOT NULL, epoch TEXT NOT NULL, seq {int} NOT NULL,
    id TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL, agency TEXT NOT NULL,
    at_ms {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS verdict_terminal ON verdict (terminal, position);
CREATE INDEX IF NOT EXISTS verdict_entry ON verdict (terminal, epoch, seq, position);
CREATE TABLE IF NOT EXISTS day (number {int} PRIMARY KEY, day TEXT NOT NULL UNIQUE, after_position {int} NOT NULL,
    through_position {int} NOT NULL UNIQUE, size {int} NOT NULL, root {blob} NOT NULL, signed {blob} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS verdict_result (position {int} PRIMARY KEY REFERENCES verdict,
    result TEXT NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS desk_entry (entry TEXT PRIMARY KEY, reason TEXT NOT NULL, result TEXT NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS intake (reader TEXT PRIMARY KEY, position {int} NOT NULL) {strict};
"""
_PARTS = (_TABLES, APPOINTMENTS, IDENTITY, MESSAGES, CASES, CERTIFICATES, EXCHANGE, LICENCES, FLEET, ENROLMENT,
          HANDOVER, TECHNICIANS)  # fmt: skip
"""The tables of each part, in the order in which they refer to each other."""


def sqlite_schema() -> str:
    """One script for `executescript`."""
    words = {"int": "INTEGER", "blob": "BLOB", "key": "INTEGER PRIMARY KEY AUTOINCREMENT", "strict": "STRICT"}
    return "".join(part.format(**words) for part in _PARTS)


def postgres_schema() -> str:
    """One script for one `execute` without values."""
    key = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    tables = "".join(part.format(int="BIGINT", blob="BYTEA", key=key, strict="") for part in _PARTS)
    # Positions of verdicts are given by the ledger.
    return f"{tables}ALTER TABLE verdict ALTER COLUMN position SET GENERATED BY DEFAULT;\n"
