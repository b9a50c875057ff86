"""Cost of given numbers of input and output tokens at every provider."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_stats.errors import UsageError
from llm_stats.table import Table
from llm_stats.warehouse.reader import Reader, placeholders

#: Numbers of tokens: `2000000`, `2_000_000`, `2,000,000`, `1.5`, `1e6`, with optional unit.
_TOKENS = re.compile(r"((?:\d+(?:_\d+)*|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:e\+?\d{1,2})?)([kmb]?)")
_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}


def parse_tokens(text: str) -> float:
    """Parse `500k`, `2M`, `1.5B`, `1e6` or `2,000,000`. Raise `UsageError` for other text."""
    match = _TOKENS.fullmatch(text.strip().lower())
    if not match:
        raise UsageError(f"{text!r} is not a number of tokens; write 2000000, 500k, 2M or 1.5B")
    return float(match[1].replace(",", "")) * _FACTORS[match[2]]


def cost(
    reader: Reader, input_tokens: float, output_tokens: float, model_ids: Sequence[str]
) -> Table:
    """Return the cost of the tokens at each available offer that has a price, cheapest first.

    `suspect_reason` is null unless a price of the offer looks wrong. Raise `UsageError` for an
    unknown model.
    """
    reader.require_models(model_ids)
    filter_clause = f"where model_id in ({placeholders(model_ids)})" if model_ids else ""
    return reader.query(
        f"""
        select
            model_id,
            model_type,
            provider_id,
            input_usd_per_mtok,
            output_usd_per_mtok,
            cost_usd,
            model_cost_rank,
            suspect_reason
        from marts.workload_cost({input_tokens!r}, {output_tokens!r})
        left join marts.models using (model_id)
        {filter_clause}
        order by cost_rank, model_id, provider_id, offer_number
        """,
        model_ids,
    )


def for_terminal(costs: Table, limit: int = 0) -> Table:
    """Return the rows for a terminal of 80 columns.

    A model that is not an LLM has its type after its id: `murmur-1 (speech)`. The caller displays
    the first `limit` offers, or all if `limit` is 0. If no displayed offer is suspect, the column
    `note` is omitted.
    """
    rows = [
        (
            model_id if kind in ("llm", None) else f"{model_id} ({kind})",
            *prices_and_cost,
            suspect_reason and f"suspect: {suspect_reason}",
        )
        for model_id, kind, *prices_and_cost, _, suspect_reason in costs.rows
    ]
    columns = ("model_id", "provider_id", "in $/M", "out $/M", "cost $", "note")
    table = Table(columns, ("VARCHAR", "VARCHAR", *["DOUBLE"] * 3, "VARCHAR"), rows)
    has_notes = any(note for *_, note in rows[: limit or None])
    return table if has_notes else table.select(*columns[:-1])
