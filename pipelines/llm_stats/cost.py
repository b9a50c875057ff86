"""What a number of tokens costs, at every provider."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_stats.errors import UsageError
from llm_stats.reader import Reader, Table

_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}


def tokens(text: str) -> float:
    """`500k`, `2M`, `1.5B` or `2_000_000` as a number of tokens. Raises `UsageError`."""
    found = re.fullmatch(r"(\d[\d_]*(?:\.\d+)?)([kmb]?)", text.strip().lower())
    if not found:
        raise UsageError(f"{text!r} is no number of tokens; write 2000000, 500k, 2M or 1.5B")
    return float(found[1]) * _FACTORS[found[2]]


def cost(reader: Reader, input_tokens: float, output_tokens: float, model_ids: Sequence[str], limit: int) -> Table:
    """The available priced offers, cheapest first, with what the tokens cost. Raises `UsageError` for an unknown model."""
    reader.require_models(model_ids)
    return reader.query(
        """
        select model_id, provider_id, input_usd_per_mtok, output_usd_per_mtok, cost_usd, model_cost_rank
        from marts.workload_cost(?, ?)
        where len(?) = 0 or model_id in (select unnest(?))
        order by cost_rank, model_id, provider_id, offer_no
        limit ?
        """,
        [input_tokens, output_tokens, list(model_ids), list(model_ids), limit],
    )
