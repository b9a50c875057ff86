"""The choice of mutants: areas, lines of a change, random samples, equivalent changes."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

from mutation import selection
from mutation.areas import AREAS, ROOT, area_of, related_tests
from mutation.mutants import mutants_of

SOURCES = [
    path.relative_to(ROOT)
    for folder in ("pipelines/llm_stats", "sql")
    for suffix in ("py", "sql")
    for path in sorted(ROOT.joinpath(folder).rglob(f"*.{suffix}"))
]
FEED = Path("pipelines/llm_stats/report/feed.py")


def test_every_source_file_has_an_area_and_tests() -> None:
    assert [path for path in SOURCES if not (area_of(path) and related_tests(path))] == []


def test_folders_and_tests_of_the_areas_exist() -> None:
    folders = {folder: tests for area in AREAS.values() for folder, tests in area.items()}
    patterns = {*folders, *itertools.chain(*folders.values())}
    assert [pattern for pattern in patterns if not list(ROOT.glob(pattern))] == []


def test_tests_named_like_the_file_come_first() -> None:
    assert related_tests(FEED)[0] == Path("tests/report/test_feed.py")


def test_small_tables_come_before_golden_cases() -> None:
    tests = related_tests(Path("sql/marts/leaderboard.sql"))
    places = {test.stem: place for place, test in enumerate(tests)}
    assert places["test_frontier_conditions"] < places["test_golden_cases"]
    assert places["test_golden_cases"] < places["test_leaderboard"]


def test_sample_is_the_same_for_a_seed_and_spread_over_files_and_kinds() -> None:
    folder = ["pipelines/llm_stats/queries"]
    sample = selection.select(folder, None, count=16, seed=3)
    assert sample == selection.select(folder, None, count=16, seed=3)
    assert sample != selection.select(folder, None, count=16, seed=4)
    files = Counter(mutant.path for mutant in sample)
    assert len(files) == 8
    assert max(files.values()) == 2


def test_line_selects_its_mutants() -> None:
    line = next(mutant.line for mutant in mutants_of(FEED))
    chosen = selection.select([f"{FEED}:{line}"], None, count=None, seed=1)
    assert chosen
    assert all(line in mutant.lines for mutant in chosen)


def test_added_lines_of_a_diff() -> None:
    diff = """\
diff --git a/sql/a.sql b/sql/a.sql
--- a/sql/a.sql
+++ b/sql/a.sql
@@ -1,2 +1 @@
-old
-old
+new
@@ -9,0 +9,2 @@
+added
+added
@@ -20 +21,0 @@
-removed
--- a/gone.py
+++ /dev/null
@@ -1,3 +0,0 @@
"""
    assert selection.parse_diff(diff) == {Path("sql/a.sql"): {1, 9, 10}, Path("/dev/null"): set()}


def test_equivalent_changes_are_mutants() -> None:
    listed = selection.equivalent()
    mutants = [mutant for file in {file for file, _ in listed} for mutant in mutants_of(file)]
    assert listed <= {(mutant.path, tuple(mutant.diff)) for mutant in mutants}
