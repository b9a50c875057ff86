"""Updates of `history.offers` and `history.scores` on small tables: numbers, ties and loads.

The rows of the history are stored in an order that differs from their numbers.
"""

from __future__ import annotations

import datetime as dt

import pytest
from llm_stats.transform.files import files_in
from support.small_tables import DAY_1, DAY_2, Row, nulls, small_tables

DAY_0 = dt.datetime(2026, 10, 31)  # noqa: DTZ001  stored times are UTC without a zone
_UPDATES = {file.path.stem: file.text for file in files_in("history")}

#: Period of a stored row: number, value, start and end.
Period = tuple[int, float, dt.datetime, dt.datetime | None]


class History:
    """Column names of a history table, and its update for models that were seen on day 2."""

    def __init__(self, table: str, item: str, number: str, value: str, others: str) -> None:
        self.table, self.item, self.number, self.value = table, item, number, value
        self._others = nulls(others)

    def entry(self, name: str, value: float) -> Row:
        """Return an entry of the provider or benchmark `p` of a model; `m/q` is `q` of `m`."""
        model_id, _, item = name.partition("/")
        key = {"model_id": model_id, self.item: item or "p", self.value: value}
        return self._others | key

    def update(
        self, stored: dict[str, list[Period]], current: dict[str, list[float]], **hashes: str
    ) -> dict[str, list[Period]]:
        """Return the periods of each model, sorted by number and start.

        The models `other-load` and `typed` were not in the last load. The rows of `typed` give the
        columns their types.
        """
        stored = {"typed": [(1, 7.0, DAY_0, DAY_1), (1, 7.0, DAY_1, None)]} | stored
        hashes = {"typed": "a hash"} | hashes
        history = [
            self.entry(name, value)
            | {self.number: number, "valid_from": start, "valid_to": end}
            | {"row_hash": None if end else hashes.get(name)}
            for name, periods in stored.items()
            for number, value, start, end in periods
        ]
        entries = [
            self.entry(name, value) | {"unreadable": None}
            for name, values in current.items()
            for value in values
        ]
        entries = [entry | {"list_index": index} for index, entry in enumerate(entries)]
        kind = self.table
        clocks = [
            {
                "model_id": model_id,
                f"{kind}_load_id": "1" if model_id in ("other-load", "typed") else "2",
                f"{kind}_last_seen_at": DAY_1 if model_id == "typed" else DAY_2,
            }
            for model_id in dict.fromkeys(name.partition("/")[0] for name in stored)
        ]
        with small_tables(
            "staging.offer_hash",
            "staging.score_hash",
            "staging.round_significant",
            "staging.blended_price",
            "staging.unreadable_time",
            staging__last_load=[{"load_id": "2"}],
            history__models=clocks,
            **{f"history__{kind}": history, f"staging__{kind}": entries},
        ) as tables:
            tables.query(_UPDATES[kind])
            rows = tables.query(
                f"select {self.number}, {self.value}, valid_from, valid_to, row_hash, model_id, "
                f"{self.item} from history.{kind} order by model_id, 1, 3"
            ).rows
        found: dict[str, list[Period]] = {name: [] for name in stored}
        for number, value, start, end, row_hash, model_id, item in rows:
            assert (row_hash is None) == (end is not None)
            name = model_id if item == "p" else f"{model_id}/{item}"
            found[name].append((number, value, start, end))
        del found["typed"]
        return found


OFFERS = History(
    "offers",
    "provider_id",
    "offer_number",
    "input_usd_per_mtok",
    "provider_name status output_usd_per_mtok",
)
SCORES = History(
    "scores",
    "benchmark_id",
    "score_number",
    "score",
    "benchmark_name max_score normalized_score is_self_reported is_verified source_url scored_at",
)


@pytest.mark.parametrize("history", [OFFERS, SCORES], ids=["offers", "scores"])
def test_numbers_of_new_rows(history: History) -> None:
    def closed(number: int, value: float) -> Period:
        return (number, value, DAY_1, DAY_2)

    def opened(number: int, value: float) -> Period:
        return (number, value, DAY_2, None)

    def kept(number: int, value: float) -> Period:
        return (number, value, DAY_1, None)

    earlier: Period = (1, 7.0, DAY_0, DAY_1)
    #: Model -> stored periods, current values, and the periods after the update.
    cases: dict[str, tuple[list[Period], list[float], list[Period]]] = {
        "new": ([], [1.0, 2.0], [opened(1, 1.0), opened(2, 2.0)]),
        "same": ([kept(2, 2.0), kept(1, 1.0)], [2.0, 1.0], [kept(1, 1.0), kept(2, 2.0)]),
        "changed": ([kept(1, 1.0)], [2.0], [closed(1, 1.0), opened(1, 2.0)]),
        "back-again": (
            [(1, 1.0, DAY_0, DAY_1), kept(1, 2.0)],
            [2.0, 1.0],
            [(1, 1.0, DAY_0, DAY_1), kept(1, 2.0), opened(2, 1.0)],
        ),
        "same-instant": (
            [closed(1, 1.0), opened(1, 2.0)],
            [2.0, 3.0],
            [closed(1, 1.0), opened(1, 2.0), opened(2, 3.0)],
        ),
        "changed-again": (
            [earlier, kept(1, 1.0)],
            [2.0, 3.0],
            [earlier, closed(1, 1.0), opened(1, 2.0), opened(2, 3.0)],
        ),
        "added": ([kept(1, 1.0)], [2.0, 1.0], [kept(1, 1.0), opened(2, 2.0)]),
        "removed": ([kept(2, 2.0), kept(1, 1.0)], [2.0], [closed(1, 1.0), kept(2, 2.0)]),
        "emptied": ([kept(1, 1.0)], [], [closed(1, 1.0)]),
        "free-number": (
            [earlier, kept(2, 1.0)],
            [1.0, 2.0],
            [earlier, opened(1, 2.0), kept(2, 1.0)],
        ),
        "other-load": ([earlier, kept(1, 1.0)], [2.0, 3.0], [earlier, kept(1, 1.0)]),
        "back-before": (
            [(1, 1.0, DAY_0, DAY_1), kept(1, 1.0)],
            [1.0],
            [(1, 1.0, DAY_0, DAY_1), kept(1, 1.0)],
        ),
        "never-valid": ([(1, 1.0, DAY_2, None)], [2.0], [opened(1, 2.0)]),
        "one-of-equal-rows": (
            [kept(3, 1.0), kept(1, 1.0), kept(2, 1.0)],
            [1.0] if history is SCORES else [1.0, 1.0],
            [kept(1, 1.0), closed(2, 1.0), closed(3, 1.0)]
            if history is SCORES
            else [kept(1, 1.0), kept(2, 1.0), closed(3, 1.0)],
        ),
        "first-of-equal-numbers": (
            [kept(3, 1.0), kept(2, 1.0), kept(1, 1.0)],
            [2.0],
            [closed(1, 1.0), opened(1, 2.0), closed(2, 1.0), closed(3, 1.0)],
        ),
        "two-items": ([kept(1, 1.0)], [1.0], [kept(1, 1.0)]),
        "two-items/q": ([kept(1, 1.0)], [], [closed(1, 1.0)]),
        "new-item": ([kept(1, 1.0)], [1.0, 2.0], [kept(1, 1.0), opened(2, 2.0)]),
        "new-item/q": ([], [1.0], [opened(1, 1.0)]),
        "other-item": ([kept(1, 1.0)], [1.0, 5.0], [kept(1, 1.0), opened(2, 5.0)]),
        "other-item/q": ([kept(1, 1.0)], [2.0], [closed(1, 1.0), opened(1, 2.0)]),
        "swapped": ([kept(1, 1.0)], [2.0], [closed(1, 1.0), opened(1, 2.0)]),
        "swapped/q": ([kept(1, 2.0)], [1.0], [closed(1, 2.0), opened(1, 1.0)]),
        "number-just-closed": (
            [kept(3, 3.0), earlier],
            [4.0],
            [earlier, closed(3, 3.0), opened(3, 4.0)],
        ),
    }
    found = history.update(
        {model_id: stored for model_id, (stored, _, _) in cases.items()},
        {model_id: current for model_id, (_, current, _) in cases.items()},
        **{"other-load": "a hash"},
    )
    assert found == {model_id: after for model_id, (_, _, after) in cases.items()}


@pytest.mark.parametrize("history", [OFFERS, SCORES], ids=["offers", "scores"])
def test_rows_without_a_hash_are_compared_again(history: History) -> None:
    """If the engine or the SQL changed, a run deletes all hashes, then compares all models."""
    kept: Period = (1, 1.0, DAY_1, None)
    found = history.update(
        {"other-load": [kept, (2, 2.0, DAY_1, None)]}, {"other-load": [1.0, 3.0]}
    )
    assert found["other-load"] == [kept, (2, 2.0, DAY_1, DAY_2), (2, 3.0, DAY_2, None)]
    found = history.update({"other-load": [kept]}, {"other-load": [3.0]})
    assert found["other-load"] == [(1, 1.0, DAY_1, DAY_2), (1, 3.0, DAY_2, None)]
    found = history.update({"other-load": [kept]}, {"other-load": [1.0, 3.0]})
    assert found["other-load"] == [kept, (2, 3.0, DAY_2, None)]


def test_new_offers_are_paired_with_closed_ones_by_price() -> None:
    """The cheapest new offer continues the cheapest closed offer."""
    stored: dict[str, list[Period]] = {
        "m": [(3, 2.0, DAY_1, None), (1, 3.0, DAY_1, None), (2, 1.0, DAY_1, None)]
    }
    found = OFFERS.update(stored, {"m": [30.0, 20.0, 10.0]})["m"]
    opened = {number: value for number, value, _, end in found if end is None}
    assert opened == {1: 30.0, 2: 10.0, 3: 20.0}
