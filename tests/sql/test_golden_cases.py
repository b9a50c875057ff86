"""Golden cases of views, macros and history tables; `support.golden_cases` describes the format."""

from __future__ import annotations

from pathlib import Path

import pytest
from llm_stats.transform import files
from support import golden_cases
from support.raw_tables import RawTables

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent
CASES = golden_cases.find(FOLDER)

#: Macros that return a past state, tested in tests/sql/history/test_history_marts.py.
AS_OF = {"prices_as_of", "scores_as_of"}


def case_id(case: Path) -> str:
    """Return the test ID of a case, such as `marts/offers/ties`."""
    return case.relative_to(FOLDER).as_posix().replace("/cases/", "/")


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_case_has_the_expected_rows(raw: RawTables, case: Path) -> None:
    golden_cases.load(raw, case)
    for file in sorted(case.glob("*.csv")):
        expected, actual = golden_cases.expected_and_actual(raw, file)
        assert actual == expected, file.name


def test_every_view_and_macro_has_cases() -> None:
    views = {file.stem.removeprefix("marts.") for case in CASES for file in case.glob("marts.*")}
    macros = {query.parent.parent.name for case in CASES for query in case.glob("query.sql")}
    defined = {file.path.stem for layer in ("marts", "macros") for file in files.files_in(layer)}
    assert defined - AS_OF == views | macros
