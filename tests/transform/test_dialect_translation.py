"""Translating: every file under `sql/` has a counterpart, and what sqlglot would get wrong is mended."""

from __future__ import annotations

import pytest
from llm_stats.transform import files
from llm_stats.transform.dialect import UnsupportedSql, translate


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("create table if not exists a.b (c varchar not null)", 'CREATE TABLE IF NOT EXISTS a.b (c TEXT COLLATE "C" NOT NULL)'),
        ("select cast(a as varchar) as a from b", 'SELECT CAST(a AS TEXT) COLLATE "C" AS a FROM b'),
        ("comment on column a.b.c is 'the maker''s `name`'", "COMMENT ON column a.b.c IS 'the maker''s `name`'"),
    ],
)
def test_postgres_sorts_by_code_point(ours: str, theirs: str) -> None:
    assert translate(ours, "postgres") == theirs


def test_postgres_takes_the_middle_of_what_a_filter_leaves() -> None:
    middle = translate("select median(x) filter (where y) as m from t", "postgres")
    assert middle.count("PERCENTILE_DISC(0.5)") == middle.count("FILTER(WHERE y)") == 2
    assert middle.endswith("/ 2) AS m FROM t"), "no division of whole numbers, for a price is none"


def test_duckdb_takes_it_as_it_is() -> None:
    assert translate("from marts.offers -- as it is", "duckdb") == "from marts.offers -- as it is"


def test_what_cannot_be_translated_is_said() -> None:
    with pytest.raises(UnsupportedSql, match="Expecting"):
        translate("select (1 from t", "postgres")


def test_every_statement_has_a_counterpart() -> None:
    for file in [file for file in [*files.in_build_order(), *files.files_in("checks")] if file.layer != "macros"]:
        for _, statement in files.statements(file):
            assert translate(statement.query, "postgres")
