"""The tables of appointments and queues; `storage/schema.py` makes them with its own."""

TABLES = """
CREATE TABLE IF NOT EXISTS appt_slot (office TEXT NOT NULL, matter TEXT NOT NULL, start TEXT NOT NULL,
    capacity {int} NOT NULL, taken {int} NOT NULL, CHECK (taken >= 0 AND taken <= capacity),
    PRIMARY KEY (office, matter, start)) {strict};
CREATE TABLE IF NOT EXISTS appt_booking (id TEXT PRIMARY KEY, person {blob} NOT NULL, office TEXT NOT NULL,
    matter TEXT NOT NULL, start TEXT NOT NULL, state TEXT NOT NULL, ticket TEXT NOT NULL,
    changed_ms {int} NOT NULL) {strict};
CREATE UNIQUE INDEX IF NOT EXISTS appt_booking_one ON appt_booking (person, matter) WHERE state = 'booked';
CREATE INDEX IF NOT EXISTS appt_booking_person ON appt_booking (person, start);
CREATE TABLE IF NOT EXISTS appt_party (booking TEXT PRIMARY KEY, people {int} NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS appt_number (office TEXT NOT NULL, day TEXT NOT NULL, letter TEXT NOT NULL,
    last {int} NOT NULL, PRIMARY KEY (office, day, letter)) {strict};
CREATE TABLE IF NOT EXISTS appt_ticket (office TEXT NOT NULL, day TEXT NOT NULL, ticket TEXT NOT NULL,
    matter TEXT NOT NULL, person {blob} NOT NULL, booking TEXT NOT NULL, place_ms {int} NOT NULL, state TEXT NOT NULL,
    counter TEXT NOT NULL, called_ms {int} NOT NULL, offline {int} NOT NULL,
    PRIMARY KEY (office, day, ticket)) {strict};
CREATE INDEX IF NOT EXISTS appt_ticket_queue ON appt_ticket (office, day, matter, state, place_ms);
CREATE TABLE IF NOT EXISTS appt_desk (office TEXT NOT NULL, matter TEXT NOT NULL, counters {int} NOT NULL,
    mean_s {int} NOT NULL, PRIMARY KEY (office, matter)) {strict};
"""
