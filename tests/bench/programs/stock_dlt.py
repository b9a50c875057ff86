"""dlt pipeline that loads the models of the benchmark, as a user of dlt would write it.

The pipeline has one resource with `@dlt.defer` and uses dlt's defaults. The command is
`stock_dlt.py BASE_URL KEY CONCURRENCY COUNT FOLDER`; CONCURRENCY is ignored.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources.helpers import requests

base_url, key, _, count, folder = sys.argv[1:]


@dlt.resource(name="models", primary_key="id", write_disposition="merge")
def models() -> Iterator[Any]:
    @dlt.defer
    def fetch(number: int) -> Any:
        response = requests.get(
            f"{base_url}/models/synthetic-{number:06}", headers={"Authorization": f"Bearer {key}"}
        )
        response.raise_for_status()
        record = response.json()
        record["top_scores"] = [
            {"category": category, "score": score}
            for category, score in record["top_scores"].items()
        ]
        return record

    for number in range(int(count)):
        yield fetch(number)


dlt.pipeline(
    "stock",
    destination=dlt.destinations.duckdb(f"{folder}/stock.duckdb"),
    dataset_name="raw",
    pipelines_dir=f"{folder}/dlt",
).run(models())
