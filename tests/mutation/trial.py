"""Trials of mutants in a temporary copy of the repository, so that the work tree never changes."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mutation.areas import ROOT
from mutation.mutants import Mutant

_IGNORED = (".git", ".venv", "__pycache__", ".*_cache", "*.duckdb", ".hypothesis")
#: No traceback, only the names of the tests that failed.
_OPTIONS = ("-x", "-n", "0", "-p", "no:cacheprovider", "--tb=no", "--show-capture=no", "-rfE")
_GRACE_SECONDS = 20
_NO_TESTS = 5


@dataclass(frozen=True)
class Trial:
    """The result for one mutant: `noticed`, `survived` or `timed out`, and the failed test."""

    mutant: Mutant
    result: str
    seconds: float
    failed_test: str = ""


class Copy:
    """A temporary copy of the repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        ignored = shutil.ignore_patterns(*_IGNORED)
        shutil.copytree(ROOT, self.repository, symlinks=True, ignore=ignored)
        # Python uses a compiled file that contains a hash only if the source has this hash.
        compile_all = ["-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
        subprocess.run([sys.executable, *compile_all, self.repository / "pipelines"], check=True)

    def failing_test(self, tests: Iterable[str]) -> str:
        """Run tests without a mutant; return the first that fails, or ""."""
        _, failed_test = self._run(tests, None)
        return failed_test

    def try_mutant(self, mutant: Mutant, tests: Iterable[str], seconds: float) -> Trial:
        """Run the tests on the mutant until one fails."""
        file = self.repository / mutant.path
        start = time.monotonic()
        file.write_text(mutant.mutated, "utf-8")
        try:
            result, failed_test = self._run(tests, seconds)
        finally:
            file.write_text(mutant.original, "utf-8")
        return Trial(mutant, result, time.monotonic() - start, failed_test)

    def _run(self, tests: Iterable[str], seconds: float | None) -> tuple[str, str]:
        """Return the result and the test that failed first."""
        temporary = self.folder / "tmp"
        temporary.mkdir()
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *_OPTIONS, *tests],
            cwd=self.repository,
            env={
                **os.environ,
                "PYTHONPATH": str(self.repository / "pipelines"),
                "TMPDIR": str(temporary),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return "timed out", ""
        finally:
            _stop(process)
            shutil.rmtree(temporary, ignore_errors=True)
        if process.returncode == 0:
            return "survived", ""
        if process.returncode == _NO_TESTS or "ERROR: file or directory not found" in printed:
            raise SystemExit(printed)
        failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", printed, re.MULTILINE)
        last = (printed.strip() or f"exit code {process.returncode}").splitlines()[-1]
        return "noticed", failed[1] if failed else last


@contextlib.contextmanager
def temporary_copy() -> Iterator[Copy]:
    """Yield a copy of the repository; delete it at the end."""
    with tempfile.TemporaryDirectory(prefix="mutation-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the PostgreSQL server of the tests runs as another user
        yield Copy(Path(folder))


def _stop(process: subprocess.Popen[str]) -> None:
    """Interrupt a process, so that its fixtures clean up; then kill its process group."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
