"""A call of each table macro; each returns rows from the demo database."""

from __future__ import annotations

MACRO_CALLS = (
    "marts.workload_cost(1000, 1000)",
    "marts.prices_as_of('2999-01-01')",
    "marts.scores_as_of('2999-01-01')",
    "marts.compare_models(['aurora-large-1', 'kestrel-2-pro'])",
    "marts.pareto_frontier('sample-math')",
    "marts.cheapest_with('sample-math', 0.5)",
    "marts.head_to_head('aurora-large-1')",
)
