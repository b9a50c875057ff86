"""Successive states (generations) of the sample catalog."""

from __future__ import annotations

from typing import Any

from llm_stats import sample


def generation(number: int) -> list[dict[str, Any]]:
    """Return the sample with output prices that depend on `number`.

    Each generation has one model without offers, at the position `number` modulo the model count.
    """
    records = sample.today()
    for place, entry in enumerate(records):
        for offer in entry["providers"]:
            offer["output_price_per_m"] = number + place
        if place == number % len(records):
            entry["providers"] = []
    return records
