"""Synthetic records that `parse_record` accepts; the same arguments give the same records."""

from __future__ import annotations

import random
from typing import Any

_CATEGORIES = ("reasoning", "math", "code", "knowledge", "vision", "speech")
_BENCHMARKS_PER_SCORE = 4
_MAKERS = 40


def synthetic_catalog(
    models: int, providers: int = 8, scores: int = 30, seed: int = 0
) -> list[dict[str, Any]]:
    """Return records with `providers` offers and `scores` scores each."""
    dice = random.Random(seed)
    return [_record(number, providers, scores, dice) for number in range(models)]


def _record(number: int, providers: int, scores: int, dice: random.Random) -> dict[str, Any]:
    model_id, maker = f"synthetic-{number:06}", number % _MAKERS
    sellers = dice.sample(range(providers * 2), providers)
    benchmarks = dice.sample(range(scores * _BENCHMARKS_PER_SCORE), scores)
    return {
        "id": model_id,
        "name": f"Synthetic {number}",
        "description": "Synthetic record for benchmarks, not a real model.",
        "organization": {"id": f"maker-{maker}", "name": f"Maker {maker}"},
        "license": {"id": "proprietary", "name": "Proprietary", "allow_commercial": True},
        "family": None,
        "open_weight": number % 3 == 0,
        "model_type": "llm",
        "modalities": ["text", "image"],
        "context_window": 128_000,
        "param_count": dice.randrange(10**9, 10**12),
        "release_date": "2026-01-01",
        "providers": [_offer(seller, dice) for seller in sellers],
        "top_scores": {"reasoning": round(dice.random(), 3)},
        "inference": {"available": False},
        "scores": [_score(benchmark, dice) for benchmark in benchmarks],
        "sources": {"api_ref": None, "paper": None, "weights": None, "repo": None},
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "source": "synthetic",
        "url": f"https://sample.invalid/models/{model_id}",
    }


def _offer(seller: int, dice: random.Random) -> dict[str, Any]:
    price = round(dice.uniform(0.05, 20), 2)
    return {
        "provider_id": f"provider-{seller}",
        "provider_name": f"Provider {seller}",
        "status": "active",
        "input_price_per_m": price,
        "output_price_per_m": round(price * 4, 2),
    }


def _score(benchmark: int, dice: random.Random) -> dict[str, Any]:
    value = round(dice.random(), 4)
    return {
        "benchmark_id": f"benchmark-{benchmark}",
        "benchmark_name": f"Benchmark {benchmark}",
        "category": _CATEGORIES[benchmark % len(_CATEGORIES)],
        "description": None,
        "score": value,
        "max_score": 1,
        "normalized_score": value,
        "rank": None,
        "is_self_reported": dice.random() < 0.5,
        "verified_by_llmstats": dice.random() < 0.2,
        "scored_at": "2026-01-01T00:00:00Z",
        "source_url": None,
    }
