"""Documented records in shorthand: `model("m", providers=[offer("p", 1, 2)], scores=[score("b", 0.5)])`."""

from __future__ import annotations

from typing import Any


def make_record(model_id: str, **overrides: Any) -> dict[str, Any]:
    """A record as the API answers it, with nothing in its lists; any documented field may be given."""
    return {
        "id": model_id,
        "name": model_id,
        "description": "",
        "organization": {"id": "org", "name": "Org"},
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
    """An entry of a record's `providers`, with its two prices; it can be bought."""
    return {
        "provider_id": provider_id,
        "provider_name": provider_id,
        "status": "active",
        "input_price_per_m": input,
        "output_price_per_m": output,
    } | overrides


def make_score(benchmark_id: str, value: float, **overrides: Any) -> dict[str, Any]:
    """An entry of a record's `scores`: reported by the model's maker, of 1, with no normalized score and no category."""
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
