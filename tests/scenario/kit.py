"""The virtual terminal of `kiosk/bench/virtual/`, and its city, under the names that the tests use."""

from __future__ import annotations

from kiosk.bench.virtual.city import City, OfficeDown, catalogue_subjects, personas
from kiosk.bench.virtual.eye import controls_of, words_of
from kiosk.bench.virtual.kiosk import Kiosk, Store

__all__ = ["PERSONAS", "SUBJECTS", "City", "Kiosk", "OfficeDown", "Store", "controls_of", "words_of"]

PERSONAS = personas()
SUBJECTS = catalogue_subjects()
