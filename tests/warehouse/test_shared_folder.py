"""Warehouse in a folder that several users share."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from support.processes import PROGRAMS

pytestmark = pytest.mark.slow


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
class TestUsers:
    """Users with numbers but without names, as in a container."""

    def act(self, own: Path, shared: str, *steps: str) -> str:
        """Run `support/programs/act_as_user.py`; return its standard error.

        For example, the step `publish,54321,077` publishes as user 54321 with the umask 077.
        """
        names = ("USER", "LOGNAME", "LNAME", "USERNAME")
        environment = {name: value for name, value in os.environ.items() if name not in names} | {
            "LLM_STATS_API_KEY": "key"
        }
        command = [
            sys.executable,
            str(PROGRAMS / "act_as_user.py"),
            str(own / "w.duckdb"),
            f"{shared}/w.duckdb",
            *steps,
        ]
        return subprocess.run(
            command, env=environment, cwd=own, stderr=subprocess.PIPE, text=True, check=False
        ).stderr

    @pytest.fixture
    def shared(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o777)
            yield folder

    def test_user_without_read_permission_gets_an_error(self, tmp_path: Path, shared: str) -> None:
        errors = self.act(tmp_path, shared, "publish,54321,077", "run_commands,54322,022")
        assert (
            errors.splitlines()
            == [f"llm-stats: {shared}/w.duckdb cannot be read: Permission denied"] * 4
        )

    def test_can_share_a_folder_and_roll_back_an_unreadable_snapshot(
        self, tmp_path: Path, shared: str
    ) -> None:
        """The snapshot that 54321 publishes at last cannot be read by other users."""
        steps = ("publish,54321,000", "publish,54322,000", "publish,54321,077")
        errors = self.act(tmp_path, shared, *steps, "run_commands,54322,000")
        assert (
            errors.splitlines()
            == [f"llm-stats: {shared}/w.duckdb cannot be read: Permission denied"] * 2
        ), "run and show fail, rollback succeeds"
        snapshots = DuckDBWarehouse(Path(shared) / "w.duckdb").snapshots.all()
        assert [snapshot.file.stat().st_uid for snapshot in snapshots] == [54321, 54322, 54321]
        assert [snapshot.is_live for snapshot in snapshots] == [False, True, False]
