"""The part of the JSON Schema about services whose answer the citizen waits for."""

from __future__ import annotations

from typing import Any

Json = Any


def confirm_parts() -> Json:
    """Return the `$defs` of `confirm` and its cells."""
    words: Json = {"$ref": "#/$defs/words"}
    text: Json = {"type": "string"}
    cell: Json = {"$ref": "#/$defs/result_cell"}
    return {
        "result_cell": {
            "type": "object",
            "additionalProperties": False,
            "required": ["key", "label"],
            "properties": {
                "key": {**text, "description": "A key of the verdict's result."},
                "label": words,
                "unit": words,
                "moment": {"type": "boolean", "description": "A local time."},
            },
        },
        "places": {
            "type": "object",
            "additionalProperties": False,
            "required": ["subject", "list", "by"],
            "properties": {
                "subject": {**text, "description": "A public subject."},
                "list": {**text, "description": "The key of its record that holds the places."},
                "by": {**text, "description": "The field whose answer they are asked for with; any: all of them."},
                "guide": {
                    "type": "object",
                    "description": "An answer to that field to what to bring, and what not.",
                    "additionalProperties": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["bring", "leave"],
                        "properties": {"bring": words, "leave": words},
                    },
                },
            },
        },
        "confirm": {
            "type": "object",
            "additionalProperties": False,
            "required": ["office"],
            "properties": {
                "office": {**text, "description": "Which desk of the gateway answers at once."},
                "retry_field": {**text, "description": "The question to go back to where the answer is no."},
                "big": cell,
                "qr": {**text, "description": "The key of the QR code beside the largest value; else the case number."},
                "below": {**text, "description": "The key of the line under the largest value."},
                "pair": {"type": "array", "items": cell},
                "cells": {"type": "array", "items": cell},
                "next": {"type": "array", "items": words},
                "unsent": {**words, "description": "What has to be known until the gateway has it."},
                "reasons": {"type": "object", "additionalProperties": words},
                "own_ticket": {
                    "$ref": "#/$defs/condition",
                    "description": "When the terminal gives out a ticket of its own without a network.",
                },
            },
        },
    }
