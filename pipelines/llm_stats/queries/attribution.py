"""Attribution: the source of the data, for everything that shows data to other people.

The free plan of LLM Stats requires a name, a link where links are possible, and a date:

    Source: LLM Stats (https://llm-stats.com), retrieved 2026-11-23.

The bundled sample has a different text, because its models are invented.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_stats.warehouse.reader import Reader

SOURCE_NAME = "LLM Stats"
SOURCE_URL = "https://llm-stats.com"
SAMPLE_TEXT = "Sample data: the models, prices and scores are invented."

#: Query of the fields of `Attribution`.
QUERY = """
    select
        count(*) as model_count,
        count(*) filter (upstream_source = 'sample') as sample_count,
        greatest(
            max(fetched_at), (select max(read_at) from staging.catalog_reads)
        ) as retrieved_at
    from staging.models
"""


@dataclass(frozen=True)
class Attribution:
    """Number of models, number of invented models, and time (UTC) of the last retrieval.

    A retrieval is a fetch of a record or a read of the catalog. Without one, the time is None.
    """

    model_count: int
    sample_count: int
    retrieved_at: dt.datetime | None

    @property
    def is_sample(self) -> bool:
        """Whether all models are invented."""
        return 0 < self.model_count == self.sample_count

    @property
    def text(self) -> str:
        """The attribution as one line; chats and mail programs make the address a link."""
        if self.is_sample:
            return SAMPLE_TEXT
        retrieved = f", retrieved {self.retrieved_at:%Y-%m-%d}" if self.retrieved_at else ""
        return f"Source: {SOURCE_NAME} ({SOURCE_URL}){retrieved}."


def read_attribution(reader: Reader) -> Attribution:
    """Return the attribution of a warehouse."""
    (row,) = reader.query(QUERY).rows
    return Attribution(*row)
