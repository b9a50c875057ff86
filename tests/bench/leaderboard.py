"""Agreement of the leaderboard with direct comparisons: `python tests/bench/leaderboard.py`.

Two models are compared if they share at least three of the benchmarks that determine the ranks. The
model that wins on more of these benchmarks should have the better rank. For each category (evidence
scope `all`), the program prints the percentage of pairs in which the loser has the better rank. The
environment variable `LLM_STATS_TEST_RECORDS` names the file with the records.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.board_agreement import agreement
from support.history_database import built
from support.real_records import real_records
from support.recompute import ReviewedLists, prepare
from support.recompute.records import FETCHED_AT


def main() -> int:
    records = real_records()
    if not records:
        print("no records: set LLM_STATS_TEST_RECORDS to a JSON file", file=sys.stderr)
        return 2
    ranks: dict[str, dict[str, int]] = defaultdict(dict)
    with built() as raw:
        raw.load(records, FETCHED_AT)
        raw.apply()
        for category, model_id, rank in raw.connection.execute(
            "select category, model_id, rank from marts.leaderboard "
            "where evidence_scope = 'all' and rank is not null"
        ).fetchall():
            ranks[category][model_id] = rank
        prepared = prepare(records, ReviewedLists.read(raw.connection))
    print(f"{'category':20} {'ranked models':>13} {'decided pairs':>13} {'against':>9}")
    for category, ranked in sorted(ranks.items(), key=lambda item: -len(item[1])):
        found = agreement(prepared, ranked, category)
        share = f"{found.against_pct:.2f} %" if found.pair_count else "-"
        print(f"{category:20} {len(ranked):13} {found.pair_count:13} {share:>9}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
