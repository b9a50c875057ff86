"""Comparisons that the demo prints: the sample has no other rows."""

from __future__ import annotations

from pathlib import Path

from llm_stats.sample.demo import comparisons


def test_comparisons_of_the_demo(demo: Path) -> None:
    (_, cheapest), (_, best), (_, value) = comparisons(demo)
    assert cheapest.rows == [
        ("storm-1-nano", "storm", 0.02, 0.06, 0.03),
        ("tessera-8b-open", "bluebird", 0.05, 0.08, 0.0575),
        ("kestrel-2-mini", "bluebird", 0.3, 1.8, 0.675),
        ("aurora-small-1", "northlight", 0.4, 1.6, 0.7),
        ("quill-coder-1", "bluebird", 1.0, 5.5, 2.125),
    ]
    assert best.rows == [
        ("sample-arena", 1322.0, "raw", ["aurora-large-1"], 10),
        ("sample-reasoning", 0.88, "normalized", ["zenith-max-preview"], 10),
        ("sample-knowledge", 0.9, "normalized", ["zenith-max-preview"], 8),
        ("sample-math", 0.96, "normalized", ["zenith-max-preview"], 8),
        ("sample-repair", 0.75, "normalized", ["zenith-max-preview"], 7),
    ]
    assert value.rows == [
        ("tessera-70b-open", "commons", 0.0, 0.71),
        ("kestrel-2-pro", "bluebird", 5.4, 0.79),
        ("aurora-large-1", "alpine-cloud", 10.0, 0.82),
        ("zenith-max-preview", "zenith", 30.0, 0.88),
    ]
