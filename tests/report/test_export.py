"""Export: its content and order, the folders that it rejects, and recovery after a kill."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from llm_stats import sample
from llm_stats.errors import Locked
from llm_stats.queries.attribution import SAMPLE_TEXT
from llm_stats.report.data_package import FileFormat
from llm_stats.report.export import export
from llm_stats.transform.files import SqlFile, files_in
from llm_stats.transform.migrate import SCHEMA_VERSION
from llm_stats.warehouse.duckdb_reader import MaterializedReader
from support.command import Command
from support.new_warehouse import new_warehouse
from support.report_fixtures import load_days

pytestmark = pytest.mark.slow

BuildOnce = Callable[[str, Callable[[Path], object]], Path]


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture(scope="module", params=["parquet", "csv"])
def exported(request: pytest.FixtureRequest, demo: Path, build_once: BuildOnce) -> Path:
    """Return the export of the demo database; the name of its folder is the format."""
    output_format: FileFormat = request.param
    folder = build_once(
        f"export as {output_format}",
        lambda folder: export(demo, folder / output_format, output_format),
    )
    return Path(folder, output_format)


@pytest.fixture(scope="module")
def built_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with one mart and everything that an export reads.

    Tests use a copy: the fixture `small`.
    """
    file = tmp_path_factory.mktemp("database") / "small.duckdb"
    with broken_database(file) as connection:
        connection.execute(
            """
            create schema staging; create schema marts;
            create view staging.loads as from (values
                ('1', timestamp '2026-11-22'), ('2', timestamp '2026-11-23')
            ) as loads (load_id, loaded_at);
            create view staging.models as
            select 'api' as upstream_source, timestamp '2026-11-23 05:15' as fetched_at;
            create view staging.catalog_reads as select timestamp '2026-11-22 05:15' as read_at;
            create view marts.small as select 1 as number;
            comment on view marts.small is 'Größe'
            """
        )
    return file


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory, built_small: Path) -> Path:
    """Return a copy of `built_small`. An export of this database is fast."""
    return shutil.copyfile(built_small, tmp_path_factory.mktemp("database") / "small.duckdb")


def test_export_has_every_mart_and_history_table(demo: Path, exported: Path) -> None:
    package = json.loads((exported / "datapackage.json").read_text())
    resources = {resource["name"]: resource for resource in package["resources"]}
    with duckdb.connect(demo, read_only=True) as connection:
        names = connection.execute(
            """
            select schema_name || '.' || view_name from duckdb_views() where schema_name = 'marts'
            union all select schema_name || '.' || table_name from duckdb_tables()
                where schema_name = 'history' and table_name <> 'snapshot'
            """
        ).fetchall()
        (load_id,) = connection.execute("select max(_dlt_load_id) from raw.models").fetchall()[0]
    assert resources.keys() == {name for (name,) in names}
    assert all(resource["description"] for resource in resources.values())
    assert all(
        field["description"]
        for resource in resources.values()
        for field in resource["schema"]["fields"]
    )
    assert package["load_id"] == load_id
    assert package["attribution"] == SAMPLE_TEXT
    assert "sources" not in package
    assert (exported / "ATTRIBUTION.txt").read_text("utf-8") == f"{SAMPLE_TEXT}\n"
    assert digests(exported).keys() == {"datapackage.json", "ATTRIBUTION.txt"} | {
        resource["path"] for resource in resources.values()
    }


def test_export_is_independent_of_the_order_in_which_the_database_was_filled(
    tmp_path: Path,
) -> None:
    exports = []
    for name, step in (("forward", 1), ("backward", -1)):
        with new_warehouse(tmp_path / f"{name}.duckdb") as raw:
            load_days(raw, sample.yesterday()[::step], sample.today()[::step])
        export(tmp_path / f"{name}.duckdb", tmp_path / name, "parquet")
        exports.append(digests(tmp_path / name))
    forward, backward = exports
    assert {name for name in forward if forward[name] != backward.get(name)} == set()


@pytest.fixture(scope="module")
def ordered_keys(demo: Path) -> dict[SqlFile, list[tuple[str, ...]]]:
    """Return the keys of all rows of each table, in the declared order, with values as text.

    Every row of a table without a key gets the key `(1,)`.
    """
    with MaterializedReader(demo) as reader:
        return {
            file: reader.query(
                f"select {_key_as_text(file)} from {file.address} order by {file.order}"
            ).rows
            for file in (*files_in("marts"), *files_in("history"))
            if file.address != "history.snapshot"
        }


def _key_as_text(file: SqlFile) -> str:
    return ", ".join(f"cast({column} as varchar)" for column in file.key) or "1"


def test_files_have_all_rows_in_the_order_that_each_view_declares(
    exported: Path, ordered_keys: dict[SqlFile, list[tuple[str, ...]]]
) -> None:
    package = json.loads((exported / "datapackage.json").read_text())
    resources = {resource["name"]: resource for resource in package["resources"]}
    for file, expected in ordered_keys.items():
        path = f"'{exported}/{file.layer}/{file.path.stem}.{exported.name}'"
        if exported.name == "csv":
            path = f"read_csv({path}, all_varchar = true)"
        rows = duckdb.execute(f"select {_key_as_text(file)} from {path}").fetchall()
        assert rows == expected, file.address
        resource = resources[file.address]
        assert resource["rows"] == len(rows), file.address
        assert resource["schema"].get("primaryKey", []) == list(file.key), file.address


def test_csv_escapes_texts_that_a_spreadsheet_takes_for_formulas(
    llm_stats: Command, small: Path, workdir: Path
) -> None:
    texts = ["\tx", "\nx", "\rx", "+1", "-x", "=1+1", "@x", "a=b"]
    with duckdb.connect(small) as connection:
        connection.execute(
            "create table history.texts (text varchar, number double, list varchar[])"
        )
        connection.executemany(
            "insert into history.texts values (?, -1.5, ['=1'])", [[text] for text in texts]
        )
    for output_format in ("csv", "parquet"):
        done = llm_stats("export", output_format, "--format", output_format, "--database", small)
        assert done.code == 0
    with (workdir / "csv" / "history" / "texts.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["text", "number", "list"]
    expected = [f"'{text}" for text in texts[:-1]] + ["a=b"]
    assert rows == [[text, "-1.5", '["=1"]'] for text in expected]
    exported = f"select text from '{workdir}/parquet/history/texts.parquet'"
    assert duckdb.execute(exported).fetchall() == [(text,) for text in texts]


def test_folder_with_a_foreign_file_is_an_error(
    llm_stats: Command, small: Path, workdir: Path
) -> None:
    (workdir / "mine").mkdir()
    (workdir / "mine" / "thesis.txt").write_text("x")
    done = llm_stats("export", "mine", "--database", small)
    assert "is not an earlier export; name a new or an empty folder" in done.err
    assert done.code == 2
    assert (workdir / "mine" / "thesis.txt").exists()
    done = llm_stats("export", "mine/thesis.txt/out", "--database", small)
    assert "cannot be written: Not a directory" in done.err
    assert done.code == 2


def test_folder_with_an_empty_folder_is_an_error(
    llm_stats: Command, small: Path, workdir: Path
) -> None:
    (workdir / "mine" / "empty").mkdir(parents=True)
    assert llm_stats("export", "mine", "--database", small).code == 2
    assert (workdir / "mine" / "empty").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("manifest.json", '{"name": "of a web page"}'),
        ("manifest.json", "[]"),
        ("manifest.json", "no JSON"),
        ("manifest.json", '{"load_id": "1", "format": "csv", "tables": {"a": 1}}'),
        ("manifest.json", '{"load_id": "1", "format": "csv", "tables": ["a"]}'),
        (
            "datapackage.json",
            '{"name": "other", "load_id": "1", "resources": [{"path": "a"}]}',
        ),
        ("datapackage.json", '{"name": "llm-stats", "resources": [{"path": "a"}]}'),
        ("datapackage.json", '{"name": "llm-stats", "load_id": "1", "resources": [{"data": 1}]}'),
    ],
)
def test_folder_with_a_foreign_descriptor_is_an_error(
    llm_stats: Command, small: Path, workdir: Path, name: str, text: str
) -> None:
    (workdir / "mine").mkdir()
    (workdir / "mine" / name).write_text(text)
    done = llm_stats("export", "mine", "--database", small)
    assert "is not an earlier export; name a new or an empty folder" in done.err
    assert done.code == 2
    assert (workdir / "mine" / name).read_text() == text


def test_export_of_a_development_version_is_replaced(
    llm_stats: Command, small: Path, workdir: Path
) -> None:
    (workdir / "out" / "marts").mkdir(parents=True)
    (workdir / "out" / "marts" / "offers.csv").write_text("model_id\n")
    manifest = {"load_id": "1", "format": "csv", "tables": {"o": {"file": "marts/offers.csv"}}}
    (workdir / "out" / "manifest.json").write_text(json.dumps(manifest))
    assert llm_stats("export", "out", "--database", small).code == 0
    assert digests(workdir / "out").keys() == {
        "ATTRIBUTION.txt",
        "datapackage.json",
        "history/schema_version.parquet",
        "marts/small.parquet",
    }
    text = (workdir / "out" / "datapackage.json").read_text("utf-8")
    assert text.startswith('{\n  "$schema": '), "indented"
    package = json.loads(text)
    assert package["load_id"] == "2"
    assert package["created"] == "2026-11-23T00:00:00Z"
    assert [resource["description"] for resource in package["resources"]] == ["", "Größe"]
    assert "Größe" in text
    line = "Source: LLM Stats (https://llm-stats.com), retrieved 2026-11-23."
    assert package["attribution"] == line
    assert package["sources"] == [{"title": "LLM Stats", "path": "https://llm-stats.com"}]


def test_export_with_an_added_file_is_an_error(
    llm_stats: Command, small: Path, workdir: Path
) -> None:
    llm_stats("export", "out", "--database", small)
    for name in ("notes.txt", "zz.txt"):
        (workdir / "out" / "marts" / name).write_text("x")
    done = llm_stats("export", "out", "--database", small)
    assert "is not an earlier export (it contains marts/notes.txt)" in done.err
    assert (workdir / "out" / "marts" / "notes.txt").exists()
    assert done.code == 2
    for name in ("notes.txt", "zz.txt"):
        (workdir / "out" / "marts" / name).unlink()
    (workdir / "out" / "linked").symlink_to(workdir)
    done = llm_stats("export", "out", "--database", small)
    assert "is not an earlier export (it contains linked)" in done.err


@pytest.mark.parametrize("folder", ["out/sub", "out/marts/deep/sub"])
def test_folder_in_an_earlier_export_is_an_error(
    llm_stats: Command, small: Path, workdir: Path, folder: str
) -> None:
    """An export to `folder` would make the next export to `out` fail."""
    llm_stats("export", "out", "--database", small)
    before = digests(workdir / "out")
    done = llm_stats("export", folder, "--database", small)
    assert done.err == (
        f"llm-stats: cannot export to {workdir / folder}: it is in {workdir / 'out'}, "
        "which is an earlier export; name a folder outside it\n"
    )
    assert done.code == 2
    assert digests(workdir / "out") == before
    assert llm_stats("export", "out", "--database", small).code == 0


def test_root_folder_is_an_error(llm_stats: Command, small: Path) -> None:
    done = llm_stats("export", "/", "--database", small)
    assert "cannot export to /" in done.err
    assert done.code == 2


@pytest.mark.parametrize("folder", [".", ".."])
def test_working_folder_is_an_error(
    llm_stats: Command, small: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (workdir / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(workdir / "a" / "b")
    done = llm_stats("export", folder, "--database", small)
    assert "it contains the working folder and would be replaced; name another folder" in done.err
    assert done.code == 2
    assert [file.name for file in workdir.rglob("*")] == ["a", "b"]


def test_replaced_folder_keeps_its_mode(llm_stats: Command, small: Path, workdir: Path) -> None:
    (workdir / "out").mkdir()
    (workdir / "out").chmod(0o2750)
    assert llm_stats("export", "out", "--database", small).code == 0
    assert stat.S_IMODE((workdir / "out").stat().st_mode) == 0o2750


def test_view_that_reads_another_file_is_an_error(
    llm_stats: Command, small: Path, workdir: Path
) -> None:
    (workdir / "secret.csv").write_text("key\n1\n")
    with duckdb.connect(small) as connection:
        connection.execute(
            f"create view marts.stolen as select * from read_csv('{workdir / 'secret.csv'}')"
        )
    done = llm_stats("export", "it's out", "--database", small)
    assert "Permission Error: Cannot access file" in done.err
    assert not (workdir / "it's out").exists()
    assert done.code == 2


def test_database_is_opened_with_one_thread_and_without_access_to_other_files(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ("access_mode", "enable_external_access", "lock_configuration", "threads")
    with duckdb.connect(small) as connection:
        values = ", ".join(f"current_setting('{name}') as {name}" for name in settings)
        connection.execute(f"create view marts.settings as select {values}")
    connect = duckdb.connect

    def connect_with_two_threads(file: Path, **options: Any) -> duckdb.DuckDBPyConnection:
        return connect(file, **(options | {"config": {"threads": 2}}))

    monkeypatch.setattr(duckdb, "connect", connect_with_two_threads)
    counts = export(small, tmp_path / "new" / "out", "csv")
    assert counts == {"history.schema_version": 1, "marts.settings": 1, "marts.small": 1}
    found = (tmp_path / "new" / "out" / "marts" / "settings.csv").read_text("utf-8")
    assert found == f"{','.join(settings)}\nread_only,false,true,1\n"


def test_missing_database_is_an_error(llm_stats: Command) -> None:
    assert "does not exist; create it with" in llm_stats("export", "out").err


def staging_files(workdir: Path) -> list[str]:
    return sorted(str(file.relative_to(workdir)) for file in workdir.glob(".*.export/*"))


@contextlib.contextmanager
def broken_database(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Create a warehouse whose export fails, because it has no views; yield its connection."""
    with duckdb.connect(file) as connection:
        connection.execute(
            "create schema history; create table history.schema_version as select "
            f"{SCHEMA_VERSION} as version"
        )
        yield connection


def make_endless_database(small: Path) -> Path:
    """Copy a warehouse; add a mart that is exported last and whose query never ends."""
    file = shutil.copyfile(small, small.with_name("endless.duckdb"))
    with duckdb.connect(file) as connection:
        connection.execute(
            "create view marts.zz_endless as select count(*) as rows from "
            "range(1000000000000) where range % 7 = 3"
        )
    return file


@contextlib.contextmanager
def started_export(workdir: Path, folder: str, database: Path) -> Iterator[subprocess.Popen[str]]:
    """Start an export and yield it after it has written a mart; kill it with SIGKILL at the end."""
    command = [sys.executable, "-m", "llm_stats", "export", folder, "--database", str(database)]
    with subprocess.Popen(
        command, cwd=workdir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while not (workdir / f".{folder}.export" / "new" / "marts" / "small.parquet").exists():
                assert process.poll() is None, process.communicate()
                time.sleep(0.01)
            yield process
        finally:
            process.kill()
            process.communicate()


def test_running_export_locks_its_folder_and_after_a_kill_the_previous_export_is_left(
    llm_stats: Command, small: Path, workdir: Path
) -> None:
    endless = make_endless_database(small)
    assert llm_stats("export", "out", "--database", small, "--format", "csv").code == 0
    before = digests(workdir / "out")
    with started_export(workdir, "out", endless) as process:
        done = llm_stats("export", "out", "--database", small)
        assert done.code == Locked.exit_code
        assert done.err == (
            f"llm-stats: {workdir / 'out'}: another export writes to it; wait for it, or stop it\n"
        )
        assert (workdir / ".out.export" / "new" / "marts" / "small.parquet").exists()
        assert llm_stats("export", "other", "--database", small).code == 0
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert digests(workdir / "out") == before
    assert staging_files(workdir) == [".out.export/lock", ".out.export/new"]
    assert llm_stats("export", "out", "--database", small).code == 0
    assert digests(workdir / "out") == digests(workdir / "other")
    assert not (workdir / ".out.export").exists()


def test_previous_export_is_restored_after_a_kill_between_the_renames(
    llm_stats: Command, small: Path, workdir: Path
) -> None:
    assert llm_stats("export", "out", "--database", small).code == 0
    before = digests(workdir / "out")
    (workdir / ".out.export").mkdir()
    (workdir / "out").rename(workdir / ".out.export" / "old")
    with broken_database(workdir / "broken.duckdb"):
        pass
    done = llm_stats("export", "out", "--database", "broken.duckdb")
    assert "broken.duckdb cannot be exported: Catalog Error: " in done.err
    assert digests(workdir / "out") == before, "restored, although the new export failed"
    assert not (workdir / ".out.export").exists()
    assert done.code == 2


def test_previous_export_is_restored_if_the_rename_fails(
    llm_stats: Command, small: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert llm_stats("export", "out", "--database", small).code == 0
    before, rename = digests(workdir / "out"), Path.rename

    def fail_for_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_new)
    done = llm_stats("export", "out", "--database", small, "--format", "csv")
    assert "out cannot be written: No space left on device" in done.err
    assert digests(workdir / "out") == before
    assert not (workdir / ".out.export").exists()
    assert done.code == 2


def test_symlink_to_a_folder_is_followed(llm_stats: Command, small: Path, workdir: Path) -> None:
    (workdir / "real").mkdir()
    (workdir / "out").symlink_to("real")
    assert llm_stats("export", "out", "--database", small).code == 0
    assert (workdir / "out").is_symlink()
    assert (workdir / "real" / "datapackage.json").exists()
    assert staging_files(workdir) == []
