"""Time limit of tests that pytest-timeout cannot end with its exception."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_TESTS = """
import threading
from concurrent.futures import ThreadPoolExecutor

from support import time_limit

time_limit.GRACE_SECONDS = 0.2

def test_waits_for_a_thread():
    with ThreadPoolExecutor() as pool:
        pool.submit(threading.Event().wait).result()

def test_fails_and_waits_in_teardown(request):
    request.addfinalizer(threading.Event().wait)
    raise ValueError

def test_leaves_a_thread():
    threading.Thread(target=threading.Event().wait).start()
"""


@pytest.mark.parametrize(
    "name",
    ["test_waits_for_a_thread", "test_fails_and_waits_in_teardown", "test_leaves_a_thread"],
)
def test_process_of_a_test_that_does_not_end_is_ended(tmp_path: Path, name: str) -> None:
    (tmp_path / "test_it.py").write_text(_TESTS)
    plugins = ("-p", "pytest_timeout", "-p", "support.time_limit", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "--timeout", "0.2", f"test_it.py::{name}"],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(Path(__file__).parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "Timeout (0:00:0" in done.stderr
    assert done.returncode == 1
