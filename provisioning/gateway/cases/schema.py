"""The tables of cases; `storage/schema.py` makes them with its own. People are pseudonyms; nothing else is kept.

What the citizen handed in stays in the journal, sealed; a case knows its place there.
"""

TABLES = """
CREATE TABLE IF NOT EXISTS case_file (number TEXT PRIMARY KEY, person {blob} NOT NULL, service TEXT NOT NULL,
    agency TEXT NOT NULL, terminal TEXT NOT NULL, epoch TEXT NOT NULL, seq {int} NOT NULL, entry TEXT NOT NULL,
    state TEXT NOT NULL, opened_ms {int} NOT NULL, ended_ms {int} NOT NULL, promised {int} NOT NULL,
    paused_ms {int} NOT NULL, paused_days {int} NOT NULL, collects {int} NOT NULL, claim TEXT NOT NULL,
    reason TEXT NOT NULL, score {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS case_file_person ON case_file (person, opened_ms);
CREATE UNIQUE INDEX IF NOT EXISTS case_file_entry ON case_file (terminal, epoch, seq);
CREATE TABLE IF NOT EXISTS case_step (number TEXT NOT NULL REFERENCES case_file, place {int} NOT NULL,
    step TEXT NOT NULL, agency TEXT NOT NULL, days {int} NOT NULL, after TEXT NOT NULL, state TEXT NOT NULL,
    started_ms {int} NOT NULL, ended_ms {int} NOT NULL, due_ms {int} NOT NULL, asked {int} NOT NULL,
    PRIMARY KEY (number, step)) {strict};
CREATE INDEX IF NOT EXISTS case_step_due ON case_step (state, due_ms);
CREATE INDEX IF NOT EXISTS case_step_agency ON case_step (agency, state, started_ms);
CREATE TABLE IF NOT EXISTS case_paper (number TEXT NOT NULL REFERENCES case_file, step TEXT NOT NULL,
    code TEXT NOT NULL, state TEXT NOT NULL, asked_ms {int} NOT NULL, given_ms {int} NOT NULL,
    entry TEXT NOT NULL, PRIMARY KEY (number, step, code)) {strict};
CREATE TABLE IF NOT EXISTS case_event (position {key}, number TEXT NOT NULL, kind TEXT NOT NULL, step TEXT NOT NULL,
    agency TEXT NOT NULL, reason TEXT NOT NULL, at_ms {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS case_event_number ON case_event (number, position);
CREATE TABLE IF NOT EXISTS case_entry (entry TEXT PRIMARY KEY, number TEXT NOT NULL, at_ms {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS case_reading (person {blob} NOT NULL, agency TEXT NOT NULL, number TEXT NOT NULL,
    service TEXT NOT NULL, day TEXT NOT NULL, at_ms {int} NOT NULL, PRIMARY KEY (agency, number, day)) {strict};
CREATE INDEX IF NOT EXISTS case_reading_person ON case_reading (person, at_ms);
CREATE TABLE IF NOT EXISTS case_clock (id {int} PRIMARY KEY, ahead_ms {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS case_code (number TEXT PRIMARY KEY, hash {blob} NOT NULL, tries {int} NOT NULL,
    expires_ms {int} NOT NULL) {strict};
"""
