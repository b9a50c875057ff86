"""Twelve synthetic records with one offer and one score each, and their ids."""

from __future__ import annotations

from support.synthetic_catalog import synthetic_catalog

RECORDS = synthetic_catalog(12, providers=1, scores=1)

IDS = [entry["id"] for entry in RECORDS]
