"""Agreement of the leaderboard with the direct comparisons of pairs of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from support.recompute.leaderboard import OVERALL, head_to_head
from support.recompute.records import Records

#: Two models are compared if they share at least this many benchmarks that determine the ranks.
SHARED_FROM = 3


@dataclass(frozen=True)
class Agreement:
    """Counts of all decided head-to-heads and of those whose loser has the better rank.

    A head-to-head compares two ranked models on their shared benchmarks. It is decided if one model
    wins on more benchmarks than the other.
    """

    pair_count: int
    against_count: int

    @property
    def against_pct(self) -> float:
        return 100 * self.against_count / self.pair_count if self.pair_count else 0.0


def agreement(records: Records, ranks: Mapping[str, int], category: str = OVERALL) -> Agreement:
    """Compare ranks in a category, in scope `all`, with the head-to-heads of the models.

    Equal ranks do not contradict a head-to-head.
    """
    won = [
        (row["model_id"], row["opponent_model_id"])
        for row in head_to_head(records, category)
        if row["win_count"] > row["loss_count"]
        and row["shared_benchmark_count"] >= SHARED_FROM
        and {row["model_id"], row["opponent_model_id"]} <= ranks.keys()
    ]
    return Agreement(len(won), sum(ranks[winner] > ranks[loser] for winner, loser in won))
