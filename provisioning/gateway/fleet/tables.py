"""The tables of the fleet, in the words of `storage/schema.py`."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS fleet_now (terminal TEXT PRIMARY KEY, received_ms {int} NOT NULL, at_ms {int} NOT NULL,
    boot TEXT NOT NULL, gauges TEXT NOT NULL, facts TEXT NOT NULL, faults TEXT NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS fleet_hour (terminal TEXT NOT NULL, hour_ms {int} NOT NULL, gauges TEXT NOT NULL,
    PRIMARY KEY (terminal, hour_ms)) {strict};
CREATE TABLE IF NOT EXISTS fleet_sample (at_ms {int} PRIMARY KEY, sums TEXT NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS fleet_order (id TEXT PRIMARY KEY, terminal TEXT NOT NULL, kind TEXT NOT NULL,
    issued_ms {int} NOT NULL, expires_ms {int} NOT NULL, signed {blob} NOT NULL, answered_ms {int} NOT NULL,
    outcome TEXT NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS fleet_order_terminal ON fleet_order (terminal, answered_ms, expires_ms);
CREATE TABLE IF NOT EXISTS fleet_alert (id {key}, terminal TEXT NOT NULL, cause TEXT NOT NULL, since_ms {int} NOT NULL,
    ended_ms {int} NOT NULL, told_ms {int} NOT NULL, end_told_ms {int} NOT NULL) {strict};
CREATE INDEX IF NOT EXISTS fleet_alert_open ON fleet_alert (ended_ms, terminal);
CREATE TABLE IF NOT EXISTS fleet_readiness (terminal TEXT PRIMARY KEY, received_ms {int} NOT NULL,
    genuine {int} NOT NULL, report TEXT NOT NULL, signature TEXT NOT NULL) {strict};
CREATE TABLE IF NOT EXISTS fleet_rollout (id {key}, what TEXT NOT NULL, version TEXT NOT NULL, content {blob} NOT NULL,
    state TEXT NOT NULL, wave {int} NOT NULL, began_ms {int} NOT NULL, wave_ms {int} NOT NULL, first TEXT NOT NULL,
    why TEXT NOT NULL) {strict};
"""
