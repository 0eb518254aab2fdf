"""The tables of the identity part: certificates of cards, and reports of lost cards."""

TABLES = """
CREATE TABLE IF NOT EXISTS card_loss (person {blob} PRIMARY KEY, reported_ms {int} NOT NULL, lost {int} NOT NULL,
    changed_ms {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS card_certificate (fingerprint {blob} PRIMARY KEY, person {blob} NOT NULL,
    serial TEXT NOT NULL, issued_ms {int} NOT NULL, first_seen_ms {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS card_certificate_person ON card_certificate (person, issued_ms);
"""
