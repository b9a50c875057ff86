"""Areas of the project, and the tests that should notice a change in each folder."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]

_PACKAGE = "pipelines/llm_stats"
_PAGE_TESTS = (
    "tests/report/test_page_queries.py",
    "tests/report/test_page_limits.py",
    "tests/report/test_page*.py",
    "tests/report/test_report_command.py",
    "tests/report/test_browser.py",
)
#: Area -> source folder or file -> its tests.
AREAS: dict[str, dict[str, tuple[str, ...]]] = {
    "SQL": {
        "sql/checks": ("tests/sql/checks", "tests/pipeline/test_failed_checks.py"),
        "sql/migrations": ("tests/transform",),
        "sql": ("tests/sql",),
    },
    "fetching": {
        f"{_PACKAGE}/api": (
            "tests/api",
            "tests/fetch",
            "tests/pipeline/test_quota.py",
            "tests/pipeline/test_not_modified.py",
        ),
        f"{_PACKAGE}/http": ("tests/http", "tests/api", "tests/pipeline/test_key_redaction.py"),
        f"{_PACKAGE}/fetch": (
            "tests/fetch",
            "tests/pipeline/test_quota.py",
            "tests/pipeline/test_catalog.py",
            "tests/pipeline/test_catalog_failures.py",
            "tests/pipeline/test_not_modified.py",
            "tests/pipeline/test_failing_models.py",
            "tests/pipeline/test_run_failures.py",
        ),
    },
    "publishing": {
        f"{_PACKAGE}/warehouse": (
            "tests/warehouse",
            "tests/pipeline/test_crash_recovery.py",
            "tests/cli/test_read.py",
        ),
        f"{_PACKAGE}/files.py": (
            "tests/test_files.py",
            "tests/warehouse",
            "tests/report/test_export.py",
            "tests/pipeline/test_run_output.py",
        ),
    },
    "runs and exit codes": {
        f"{_PACKAGE}/pipeline": ("tests/pipeline", "tests/cli/test_run.py"),
        f"{_PACKAGE}/reporting": ("tests/reporting", "tests/pipeline", "tests/cli/test_run.py"),
        f"{_PACKAGE}/cli/read.py": ("tests/cli/test_read.py", "tests/queries"),
        f"{_PACKAGE}/cli": (
            "tests/cli",
            "tests/sample/test_command.py",
            "tests/test_config_files.py",
            "tests/pipeline/test_run_output.py",
            "tests/pipeline/test_run_failures.py",
            "tests/queries/test_status.py",
            "tests/report/test_dbt_sources.py",
            "tests/report/test_export.py",
        ),
        f"{_PACKAGE}/errors.py": ("tests/cli", "tests/pipeline"),
        f"{_PACKAGE}/__main__.py": ("tests/test_terminal.py", "tests/cli"),
    },
    "load, schema and transform": {
        f"{_PACKAGE}/load/loader.py": ("tests/load", "tests/pipeline/test_catalog.py"),
        f"{_PACKAGE}/load": ("tests/load", "tests/pipeline/test_run.py"),
        f"{_PACKAGE}/schema": ("tests/schema", "tests/load", "tests/pipeline/test_catalog.py"),
        f"{_PACKAGE}/transform/macros.py": (
            "tests/transform/test_macros.py",
            "tests/transform/test_dialect.py",
        ),
        f"{_PACKAGE}/transform/apply.py": (
            "tests/transform/test_apply.py",
            "tests/sql/history/test_row_hash.py",
            "tests/destinations/test_same_on_postgres.py",
        ),
        f"{_PACKAGE}/transform/checks.py": ("tests/transform", "tests/sql/checks"),
        f"{_PACKAGE}/transform": (
            "tests/transform",
            "tests/sql/history/test_row_hash.py",
            "tests/destinations/test_same_on_postgres.py",
        ),
    },
    "other engines": {
        f"{_PACKAGE}/destinations": (
            "tests/destinations/test_engine_*.py",
            "tests/destinations/test_ducklake_access.py",
            "tests/destinations/test_postgres_statements.py",
            "tests/destinations/test_postgres_settings.py",
            "tests/destinations/test_postgres_runs.py",
            "tests/destinations/test_[!p]*.py",
            "tests/destinations",
        )
    },
    "report, export and queries": {
        f"{_PACKAGE}/report/page.py": _PAGE_TESTS,
        f"{_PACKAGE}/report/data.py": _PAGE_TESTS,
        f"{_PACKAGE}/report/queries": _PAGE_TESTS,
        f"{_PACKAGE}/report": ("tests/report/test_[!b]*.py", "tests/cli/test_run.py"),
        f"{_PACKAGE}/queries": (
            "tests/queries",
            "tests/pipeline/test_failed_checks.py",
            "tests/reporting/test_webhook.py",
        ),
    },
    "settings, texts and sample": {
        f"{_PACKAGE}/sample": (
            "tests/sample",
            "tests/fetch/test_client.py",
            "tests/cli/test_run.py",
        ),
        _PACKAGE: ("tests/test_*.py", "tests/cli", "tests/queries"),
    },
}


_UNRELATED = 2


def area_of(path: Path) -> str:
    """Return the area of a source file; "" if it has no mutants."""
    return next((area for area, folders in AREAS.items() if _folder(path, folders)), "")


def files_of(area: str) -> list[Path]:
    """Return the source files of an area, relative to the repository."""
    found = {
        file.relative_to(ROOT)
        for folder in AREAS[area]
        for suffix in ("py", "sql")
        for file in _files(ROOT / folder, f"*.{suffix}")
    }
    return sorted(path for path in found if area_of(path) == area)


def related_tests(path: Path) -> list[Path]:
    """Return the test files for the mutants of a source file.

    `AREAS` lists the tests of the file or its folder. For a Python module without its own entry,
    return only the listed tests that contain its name, unless there are none.

    The first failure ends the run. Therefore tests named after the source file come first, because
    they are the most likely to fail. For a SQL file, these are the tests on small tables that
    contain its name; the golden cases follow.
    """
    folders = AREAS[area_of(path)]
    folder = _folder(path, folders)
    patterns = folders[folder]
    found = dict.fromkeys(test for pattern in patterns for test in _tests(pattern))
    name = path.parent.name if path.stem == "__init__" else path.stem
    if path.suffix == ".sql":
        return sorted(found, key=lambda test: (_distance(test, name) == _UNRELATED, _cost(test)))
    tests = sorted(found, key=lambda test: _distance(test, name))
    related = [test for test in tests if _distance(test, name) < _UNRELATED]
    return related if related and folder != str(path) else tests


@functools.cache
def _tests(pattern: str) -> list[Path]:
    return [
        test.relative_to(ROOT)
        for match in sorted(ROOT.glob(pattern))
        for test in _files(match, "test_*.py")
    ]


def _folder(path: Path, folders: Iterable[str]) -> str:
    return next((folder for folder in folders if path.is_relative_to(folder)), "")


def _files(path: Path, pattern: str) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob(pattern))


def _distance(test: Path, name: str) -> int:
    if name in test.stem or test.stem == "test_golden_cases":
        return 0
    text = _text(test)
    return 1 if name in text and re.search(rf"\b{name}\b", text) else _UNRELATED


def _cost(test: Path) -> int:
    """Return the place of a test file among others, by its time: a second, a minute, minutes."""
    if "support.small_tables" in _text(test):
        return 0
    if test.stem == "test_golden_cases":
        return 2
    return 3 if "mark.slow" in _text(test) else 1


@functools.cache
def _text(test: Path) -> str:
    return (ROOT / test).read_text("utf-8")
