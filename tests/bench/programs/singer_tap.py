"""Singer tap that fetches the models of the benchmark, as a user of the Singer SDK would write it.

The tap has one stream, with a partition for each id. The SDK sends one request at a time. The
command is `singer_tap.py --config CONFIG | target-duckdb --config CONFIG`; the configuration of the
tap is `{"base_url": …, "api_key": …, "count": …}`.
"""

from __future__ import annotations

from typing import Any

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator

_OFFER = th.ObjectType(
    th.Property("provider_id", th.StringType),
    th.Property("provider_name", th.StringType),
    th.Property("status", th.StringType),
    th.Property("input_price_per_m", th.NumberType),
    th.Property("output_price_per_m", th.NumberType),
)
_SCORE = th.ObjectType(
    th.Property("benchmark_id", th.StringType),
    th.Property("benchmark_name", th.StringType),
    th.Property("category", th.StringType),
    th.Property("score", th.NumberType),
    th.Property("max_score", th.NumberType),
    th.Property("normalized_score", th.NumberType),
)


class Models(RESTStream[Any]):
    """The stream of `GET /models/{model_id}`.

    Each list of a record is one column, because a Singer stream is one table.
    """

    name = "models"
    path = "/models/{model_id}"
    records_jsonpath = "$"
    primary_keys = ("id",)
    schema = th.PropertiesList(
        th.Property("id", th.StringType, required=True),
        th.Property("name", th.StringType),
        th.Property("model_type", th.StringType),
        th.Property("context_window", th.IntegerType),
        th.Property("release_date", th.DateType),
        th.Property("providers", th.ArrayType(_OFFER)),
        th.Property("scores", th.ArrayType(_SCORE)),
    ).to_dict()

    @property
    def url_base(self) -> str:
        return str(self.config["base_url"])

    @property
    def authenticator(self) -> BearerTokenAuthenticator:
        return BearerTokenAuthenticator(token=self.config["api_key"])

    @property
    def partitions(self) -> list[dict[str, Any]]:
        return [{"model_id": f"synthetic-{number:06}"} for number in range(self.config["count"])]


class LlmStats(Tap):
    name = "tap-llm-stats"
    config_jsonschema = th.PropertiesList(
        th.Property("base_url", th.StringType, required=True),
        th.Property("api_key", th.StringType, required=True, secret=True),
        th.Property("count", th.IntegerType, required=True),
    ).to_dict()

    def discover_streams(self) -> list[Models]:
        return [Models(self)]


if __name__ == "__main__":
    LlmStats.cli()
