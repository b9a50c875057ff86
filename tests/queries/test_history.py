"""History of a model."""

from __future__ import annotations

import datetime as dt

from llm_stats.queries.history import history
from support.connection_reader import ConnectionReader
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

DAY_1 = dt.datetime(2026, 11, 1)  # noqa: DTZ001  stored times are UTC without a zone
DAY_2 = dt.datetime(2026, 11, 2)  # noqa: DTZ001


def test_other_changes_are_described_only_where_they_happened(raw: RawTables) -> None:
    for day, most, name in ((DAY_1, 1, "P"), (DAY_2, 100, "Q")):
        scores = [make_score("b", 0.5, max_score=most), make_score("c", 0.5, max_score=1)]
        raw.load(
            [
                make_record(
                    "m", scores=scores, providers=[make_offer("p", 1, 2, provider_name=name)]
                )
            ],
            day,
        )
        raw.apply()

    class FakeReader(ConnectionReader):
        def require_models(self, _: list[str]) -> None:
            """Skip the check that the models exist."""

    rows = [row[3:] for row in history(FakeReader(raw), "m").rows]  # type: ignore[arg-type]
    assert rows == [
        ("p", "1.00 in, 2.00 out, active"),
        ("b", "0.5, self-reported"),
        ("c", "0.5, self-reported"),
        ("p", "1.00 in, 2.00 out, active (name P → Q)"),
        ("b", "0.5, self-reported (maximum 1 → 100)"),
    ]
