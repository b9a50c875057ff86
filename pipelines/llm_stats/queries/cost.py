"""What a number of tokens costs, at every provider."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_stats.errors import UsageError
from llm_stats.table import Table
from llm_stats.warehouse.reader import Reader, placeholders

#: `2000000`, `2_000_000`, `2,000,000`, `1.5`, `1e6`, each perhaps with a unit.
_TOKENS = re.compile(r"((?:\d+(?:_\d+)*|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:e\+?\d{1,2})?)([kmb]?)")
_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}


def parse_tokens(text: str) -> float:
    """`500k`, `2M`, `1.5B`, `1e6` or `2,000,000` as a number of tokens. Raises `UsageError`."""
    found = _TOKENS.fullmatch(text.strip().lower())
    if not found:
        raise UsageError(f"{text!r} is no number of tokens; write 2000000, 500k, 2M or 1.5B")
    return float(found[1].replace(",", "")) * _FACTORS[found[2]]


def cost(reader: Reader, input_tokens: float, output_tokens: float, model_ids: Sequence[str]) -> Table:
    """The available priced offers, cheapest first, with what the tokens cost. Raises `UsageError` for an unknown model."""
    reader.require_models(model_ids)
    named = f"where model_id in ({placeholders(model_ids)})" if model_ids else ""
    return reader.query(
        f"""
        select model_id, model_type, provider_id, input_usd_per_mtok, output_usd_per_mtok, cost_usd, model_cost_rank
        from marts.workload_cost({input_tokens!r}, {output_tokens!r})
        left join marts.models using (model_id)
        {named}
        order by cost_rank, model_id, provider_id, offer_number
        """,
        model_ids,
    )


def for_terminal(costs: Table) -> Table:
    """The same rows in 80 columns; a model that is no language model says what it is."""
    rows = [
        (model_id if kind in ("llm", None) else f"{model_id} ({kind})", *prices_and_cost)
        for model_id, kind, *prices_and_cost, _ in costs.rows
    ]
    return Table(("model_id", "provider_id", "in $/M", "out $/M", "cost $"), ("VARCHAR", "VARCHAR", *["DOUBLE"] * 3), rows)
