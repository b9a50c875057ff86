"""Successive states (generations) of the sample catalog."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llm_stats import sample
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings


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


def publish_prices(
    database: Path, count: int, destination: str, first: int = 1
) -> Iterator[tuple[int, float]]:
    """Publish `count` states, one run each: all input prices are `first`, then 1 more, and so on.

    Each run requests all models, also those without an offer.

    Yield each price with the Unix time at the end of its run.
    """
    with SampleApi() as api:
        given = {"destination": destination, "max_age": dt.timedelta(0)}
        settings = demo_settings(api, database).model_copy(update=given)
        for price in range(first, first + count):
            records = sample.today()
            for entry in records:
                for offer in entry["providers"]:
                    offer["input_price_per_m"] = price
            api.publish(records)
            assert execute(settings, all_models=True).exit_code == 0
            yield price, time.time()
