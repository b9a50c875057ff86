"""The contract of the model record and of its summary.

`GET /v1/models/{model_id}` returns a record, one JSON object. `GET /v1/models` returns pages of
summaries: records without `scores` and `sources`. The Pydantic classes below define every
documented field once: type, nullability, unit and meaning. `parse.py` validates with them;
`tables.py` derives the columns of the raw tables and their comments.

Fields used in comparisons (prices, scores, normalized scores, categories) must be present, even if
their value is null. Otherwise a field that the API renames would silently become null. Other
nullable fields may be missing. Unknown fields are stored as JSON in the column `extra` of their
table, because a separate column for each could collide with a documented column.

A date, time, count or rank that cannot be read is null, so that the prices load (see
`metadata.py`). All other fields are validated strictly: a wrong value rejects the record.
"""

from __future__ import annotations

import datetime as dt
import typing
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr

from llm_stats.schema.metadata import (
    Reader,
    Unreadable,
    as_utc,
    read_count,
    read_date,
    read_integer,
    read_time,
)

Id = Annotated[str, Field(min_length=1)]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Reader(read_count)]
Rank = Annotated[int, Reader(read_integer)]
UtcTime = Annotated[dt.datetime, AfterValidator(as_utc)]
ReadTime = Annotated[UtcTime, Reader(read_time)]
ReadDate = Annotated[dt.date, Reader(read_date)]


class RecordPart(BaseModel):
    """A JSON object with strictly validated fields. `model_extra` contains unknown fields."""

    model_config = ConfigDict(strict=True, extra="allow", protected_namespaces=())


def is_documented(cls: type[RecordPart], names: Sequence[str]) -> bool:
    """Return whether field names such as `["providers", "status"]` lead to a documented field."""
    if (field := cls.model_fields.get(names[0])) is None:
        return False
    annotations = [field.annotation, *typing.get_args(field.annotation)]
    for part in annotations:
        if isinstance(part, type) and issubclass(part, RecordPart):
            return len(names) == 1 or is_documented(part, names[1:])
    return True


class Organization(RecordPart):
    id: Id = Field(description="Id of the organization that made the model")
    name: str = Field(
        description="Display name of the organization; not unique, so do not join or group by it"
    )


class License(RecordPart):
    id: Id = Field(description="Id of the model's license")
    name: str = Field(description="Display name of the license")
    allow_commercial: bool = Field(description="True if the license allows commercial use")


class Provider(RecordPart):
    """One offer: `{"provider_id": "novita", "status": "active", "input_price_per_m": 0.5, …}`."""

    provider_id: Id = Field(description="Id of the provider that sells the model")
    provider_name: str = Field(description="Display name of the provider")
    status: str = Field(
        description="Status of the offer; only an offer with the status `active` can be bought"
    )
    input_price_per_m: Usd | None = Field(
        description="US dollars per million input tokens; null if not published, 0 if free"
    )
    output_price_per_m: Usd | None = Field(
        description="US dollars per million output tokens; null if not published, 0 if free"
    )


class Inference(RecordPart):
    """Availability of the model at the API's own gateway.

    `{"available": false}`, or `{"available": true, "endpoint": "https://…", …}`.
    """

    available: bool = Field(description="True if the API's own gateway serves the model")
    endpoint: str | None = Field(
        None,
        description="URL of the gateway; null if the gateway does not serve the model",
    )
    gateway_model_id: str | None = Field(
        None,
        description="Id of the model at the gateway; null if the gateway does not serve the model",
    )
    openai_compatible: bool | None = Field(
        None,
        description="True if the gateway uses the OpenAI protocol; "
        "null if the gateway does not serve the model",
    )
    supports_streaming: bool | None = Field(
        None,
        description="True if the gateway supports streaming; "
        "null if the gateway does not serve the model",
    )
    supports_tools: bool | None = Field(
        None,
        description="True if the gateway supports tool calls; "
        "null if the gateway does not serve the model",
    )
    supports_vision: bool | None = Field(
        None,
        description="True if the gateway accepts images; "
        "null if the gateway does not serve the model",
    )
    docs_url: str | None = Field(
        None,
        description="URL of the gateway's documentation; "
        "null if the gateway does not serve the model",
    )


class Score(RecordPart):
    """One benchmark result; the same benchmark may occur more than once in a record."""

    benchmark_id: Id = Field(
        description="Benchmark id; some ids contain quotes, brackets or arrows"
    )
    benchmark_name: str = Field(
        description="Display name of the benchmark; one id may have several names"
    )
    score: Number = Field(
        description="Result in the benchmark's own unit: fraction, percent, Elo, dollars"
    )
    max_score: Number = Field(description="Published maximum; often wrong, so do not divide by it")
    is_self_reported: bool = Field(description="True if the model's maker reported the score")
    verified_by_llmstats: bool = Field(
        description="True if LLM Stats checked the score independently"
    )
    scored_at: ReadTime | None = Field(
        None, description="When the score was recorded upstream (UTC); null if unknown"
    )
    category: str | None = Field(description="Category of the benchmark; null if none is given")
    description: str | None = Field(
        None, description="Description of the benchmark; null if none is given"
    )
    normalized_score: Number | None = Field(
        description="Result on a scale of 0 to 1; null if not published"
    )
    rank: Rank | None = Field(
        None, description="Upstream rank on the benchmark, 1 is best; null if not ranked"
    )
    source_url: str | None = Field(
        None, description="Where the score was published; null if none is given"
    )


class Sources(RecordPart):
    api_ref: str | None = Field(
        None, description="URL of the model's API reference; null if none is given"
    )
    paper: str | None = Field(
        None, description="URL of the paper about the model; null if none is given"
    )
    weights: str | None = Field(
        None, description="URL of the model's weights; null if none is given"
    )
    repo: str | None = Field(
        None, description="URL of the model's source repository; null if none is given"
    )


class Family(RecordPart):
    id: Id = Field(description="Id of the model's family; null if none is given")
    name: str = Field(description="Display name of the family; null if none is given")


class Summary(RecordPart):
    """One model as `GET /v1/models` returns it: a record without scores and sources.

    `unreadable` maps the path of each unreadable value, such as `("context_window",)`, to its
    original text (see `schema.metadata`).
    """

    _unreadable: Unreadable = PrivateAttr(default_factory=dict)

    id: Id = Field(description="Model id; the child tables refer to it")
    name: str = Field(
        description="Display name of the model; not unique, so do not join or group by it"
    )
    description: str = Field(description="Description of the model")
    organization: Organization
    license: License
    open_weight: bool = Field(description="True if the weights can be downloaded")
    model_type: str = Field(description="Kind of model, such as `llm`")
    modalities: list[str]
    providers: list[Provider]
    top_scores: dict[str, Number | None]
    inference: Inference
    created_at: ReadTime | None = Field(
        None, description="When the record was created upstream (UTC); null if unknown"
    )
    updated_at: ReadTime | None = Field(
        None, description="When the record was last changed upstream (UTC); null if unknown"
    )
    source: str = Field(description="Source from which upstream got the record")
    url: str = Field(description="URL of the model's page upstream")
    family: Family | None = None
    context_window: Count | None = Field(
        None, description="Longest input in tokens; null if not published"
    )
    param_count: Count | None = Field(
        None, description="Number of parameters; null if not published"
    )
    release_date: ReadDate | None = Field(None, description="Day of release; null if not published")

    @property
    def unreadable(self) -> Unreadable:
        return self._unreadable


class Record(Summary):
    """One model as `GET /v1/models/{model_id}` returns it."""

    scores: list[Score]
    sources: Sources
