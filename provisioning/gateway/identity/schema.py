"""The tables of the identity part: certificates of cards, reports of lost cards, sign-ins with the city's app."""

TABLES = """
CREATE TABLE IF NOT EXISTS card_loss (person {blob} PRIMARY KEY, reported_ms {int} NOT NULL, lost {int} NOT NULL,
    changed_ms {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS card_certificate (fingerprint {blob} PRIMARY KEY, person {blob} NOT NULL,
    serial TEXT NOT NULL, issued_ms {int} NOT NULL, first_seen_ms {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS card_certificate_person ON card_certificate (person, issued_ms);
CREATE TABLE IF NOT EXISTS sign_in (token {blob} PRIMARY KEY, key {blob} NOT NULL UNIQUE, terminal TEXT NOT NULL,
    code TEXT NOT NULL, state TEXT NOT NULL, expires_ms {int} NOT NULL, page {blob} NOT NULL UNIQUE,
    tries {int} NOT NULL, sealed {blob} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS sign_in_expiry ON sign_in (expires_ms);
CREATE INDEX IF NOT EXISTS sign_in_terminal ON sign_in (terminal, state);
CREATE TABLE IF NOT EXISTS sign_in_form (token {blob} PRIMARY KEY REFERENCES sign_in ON DELETE CASCADE,
    state TEXT NOT NULL, expires_ms {int} NOT NULL, sealed {blob} NOT NULL, approval TEXT NOT NULL) {strict};
"""
