"""Records in shorthand: `make_record("m", providers=[make_offer("p", 1, 2)], scores=[…])`."""

from __future__ import annotations

from typing import Any


def make_record(model_id: str, **overrides: Any) -> dict[str, Any]:
    """Return a record as the API sends it, with empty lists of offers and scores.

    `overrides` replaces any documented field.
    """
    return {
        "id": model_id,
        "name": model_id,
        "description": "",
        "organization": {"id": f"maker-of-{model_id}", "name": "Org"},
        "license": {"id": "mit", "name": "MIT", "allow_commercial": True},
        "open_weight": True,
        "model_type": "llm",
        "modalities": [],
        "providers": [],
        "top_scores": {},
        "inference": {"available": False},
        "created_at": "2025-01-01T00:00:00Z",
        "updated_at": "2025-01-01T00:00:00Z",
        "source": "test",
        "url": "",
        "scores": [],
        "sources": {},
    } | overrides


def make_offer(
    provider_id: str, input: float | None, output: float | None, **overrides: Any
) -> dict[str, Any]:
    """Return an entry of a record's `providers` with two prices and the status `active`."""
    return {
        "provider_id": provider_id,
        "provider_name": provider_id,
        "status": "active",
        "input_price_per_m": input,
        "output_price_per_m": output,
    } | overrides


def make_score(benchmark_id: str, value: float, **overrides: Any) -> dict[str, Any]:
    """Return an entry of a record's `scores`.

    By default the score is self-reported, with a maximum of 1, no normalized score and no category.
    """
    return {
        "benchmark_id": benchmark_id,
        "benchmark_name": benchmark_id,
        "score": value,
        "max_score": 1,
        "is_self_reported": True,
        "verified_by_llmstats": False,
        "scored_at": "2025-01-01T00:00:00Z",
        "category": None,
        "normalized_score": None,
    } | overrides
