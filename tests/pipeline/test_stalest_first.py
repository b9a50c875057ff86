"""Order in which a run requests the models."""

from __future__ import annotations

import datetime as dt

from llm_stats.schema.fetch import stalest_first

NOW = dt.datetime.now(dt.UTC)


class TestStalestFirst:
    def ago(self, **ages: float) -> dict[str, dt.datetime]:
        return {model_id: NOW - dt.timedelta(hours=hours) for model_id, hours in ages.items()}

    def test_never_fetched_comes_first_then_the_oldest(self) -> None:
        assert stalest_first(["a", "b", "c", "d"], self.ago(a=1, b=3, d=2), dt.timedelta(0)) == [
            "c",
            "b",
            "d",
            "a",
        ]

    def test_model_newer_than_max_age_is_skipped(self) -> None:
        assert stalest_first(["a", "b", "c"], self.ago(a=1, b=7), dt.timedelta(hours=6)) == [
            "c",
            "b",
        ]
        assert stalest_first(["a"], self.ago(a=1), dt.timedelta.max) == []

    def test_repeated_id_is_requested_once(self) -> None:
        assert stalest_first(["a", "a"], {}, dt.timedelta(0)) == ["a"]

    def test_daily_budget_refreshes_all_models_in_turn(self) -> None:
        """With 335 models and 100 requests per day, four consecutive days fetch every model."""
        ids, fetched_at = [f"model-{number}" for number in range(335)], dict[str, dt.datetime]()
        days = []
        for day in range(12):
            days.append(stalest_first(ids, fetched_at, dt.timedelta(0))[:100])
            fetched_at |= dict.fromkeys(days[-1], NOW + dt.timedelta(days=day))
        for first in range(8):
            assert {model_id for day in days[first : first + 4] for model_id in day} == set(ids)

    def test_failing_model_is_ordered_by_its_last_failure(self) -> None:
        failing_at = {"broken": NOW - dt.timedelta(hours=2)}
        assert stalest_first(
            ["broken", "a", "new", "b"], self.ago(a=1, b=3), dt.timedelta(0), failing_at
        ) == ["new", "b", "broken", "a"]
