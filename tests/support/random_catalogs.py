"""Hypothesis strategies for catalogs: lists of records with ties, gaps, repetitions and errors."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from support.record_factory import make_offer, make_record, make_score

Record = dict[str, Any]

#: On `fleurs`, a lower value is better.
BENCHMARKS = ("b", "it's (b) → @2>1", "percents", "fleurs", "Überraschung 🎲")
#: Two pairs of ids; each pair is one benchmark.
ALIASES = ("hle", "humanity's-last-exam", "hmmt25", "hmmt-2025")
PROVIDERS = ("p", "it's", "Ünï-çødé", "p2")
CATEGORIES = (None, "", "math", "code", "overall", "it's")
MODEL_IDS = ("a", "b", "c", "d", "e", "it's", "ünï/→", "z")

prices = st.one_of(
    st.sampled_from([None, 0, -0.0, 0.1, 0.2, 0.3, 1, 2, 3, 500, 4800]),
    st.sampled_from([0.0002, 0.0036, 0.0008, 0.0018, 0.19999999999999998]),
    st.decimals(0, 100, places=3).map(float),
    st.just(1e300),
)
values = st.one_of(
    st.sampled_from([0, -0.0, 0.1, 0.5, 0.7, 0.1 + 0.2, 0.3, 0.9, 1, -29.5, 62, 99.5, 2134]),
    st.decimals(-1, 1, places=4).map(float),
)
fractions = st.one_of(
    st.sampled_from([0, 0.1, 0.5, 0.7, 0.1 + 0.2, 0.9, 1]),
    st.decimals(0, 1, places=4).map(float),
)
moments = st.sampled_from(
    [
        *("2025-01-01T00:00:00Z", "2025-06-01T00:00:00Z", "2025-06-01T02:00:00+02:00"),
        *(None, "2025-06", 1735689600),
    ]
)


def offers() -> st.SearchStrategy[Record]:
    return st.builds(
        make_offer,
        st.sampled_from(PROVIDERS),
        prices,
        prices,
        status=st.sampled_from(["active"] * 4 + ["inactive", ""]),
        provider_name=st.sampled_from(["Name", "Other"]),
    )


def scores(
    values: st.SearchStrategy[float] = values, **overrides: Any
) -> st.SearchStrategy[Record]:
    """Generate scores; each keyword in `overrides` is a strategy for the field of that name."""
    fields: dict[str, Any] = {
        "benchmark_id": st.sampled_from(BENCHMARKS + ALIASES),
        "benchmark_name": st.sampled_from(["Name", "name", "It's another"]),
        "max_score": st.sampled_from([1, 100]),
        "is_self_reported": st.booleans(),
        "verified_by_llmstats": st.booleans(),
        "scored_at": moments,
        "category": st.sampled_from(CATEGORIES),
        "description": st.sampled_from([None, "", "Questions", "Another text"]),
        "normalized_score": st.one_of(st.none(), values, values, values),
        "rank": st.one_of(st.none(), st.integers(1, 9), st.sampled_from([2.0, 1.5, True, 2**63])),
        "source_url": st.sampled_from([None, "", "https://example.com/x", "https://a.test"]),
    }
    return st.builds(make_score, value=values, **(fields | overrides))


_GATEWAY = {"available": True, "supports_streaming": True, "supports_tools": False}


@st.composite
def catalogs(draw: st.DrawFn) -> list[Record]:
    """Generate up to eight models with few benchmarks, so that scores are tied and repeated."""
    ids = draw(st.lists(st.sampled_from(MODEL_IDS), unique=True, max_size=8))
    score = draw(st.sampled_from([scores(), scores(fractions)]))
    return [draw(_records(model_id, st.lists(score, max_size=12))) for model_id in ids]


@st.composite
def ranked_catalogs(draw: st.DrawFn) -> list[Record]:
    """Generate five to eight models. Most have a rank in both evidence scopes."""
    ids = draw(st.lists(st.sampled_from(MODEL_IDS), unique=True, min_size=5, max_size=8))
    score = scores(fractions, is_self_reported=st.sampled_from([False, False, True]))
    return [draw(_records(model_id, st.lists(score, min_size=6, max_size=12))) for model_id in ids]


@st.composite
def _records(draw: st.DrawFn, model_id: str, scores: st.SearchStrategy[list[Record]]) -> Record:
    return make_record(
        model_id,
        name=draw(st.sampled_from(["Name", model_id])),
        organization=draw(st.sampled_from([{"id": x, "name": "Org"} for x in ("p", "org")])),
        modalities=draw(st.lists(st.sampled_from(["text", "image"]), max_size=3)),
        providers=draw(st.lists(offers(), max_size=5)),
        scores=draw(scores),
        inference=draw(st.sampled_from([{"available": False}, _GATEWAY])),
        description=draw(st.sampled_from(["", "Text", "Half \ud83d of a pair"])),
        context_window=draw(st.sampled_from([None, 0, 2**40, 128000.0, 0.5, True, "8k"])),
        param_count=draw(st.sampled_from([None, 7e9, -1, 2**63 - 1, 2**63])),
        release_date=draw(
            st.sampled_from([None, "2025-09-30", "2025-09-30T01:00:00Z", "2025-09", "2025-02-31"])
        ),
        updated_at=draw(moments),
        family=draw(st.sampled_from([None, {"id": "f", "name": "F"}])),
        sources=draw(st.sampled_from([{}, {"paper": ""}, {"paper": "https://a.test"}])),
    )
