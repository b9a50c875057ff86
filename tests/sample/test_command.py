"""The command `llm-stats sample-api` in a real process."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from llm_stats.sample import SAMPLE_KEY

pytestmark = pytest.mark.slow


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Start the command on a free port; yield its base URL."""
    command = [sys.executable, "-m", "llm_stats", "sample-api", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            line = process.stderr.readline()
            found = re.search(r"http://\S+", line)
            assert found, line
            yield found[0]
        finally:
            process.kill()


@pytest.mark.parametrize(("options", "is_planned"), [((), False), (("--planned",), True)])
def test_planned_features_are_an_option(options: tuple[str, ...], is_planned: bool) -> None:
    with serving(*options) as base_url:
        response = requests.get(
            f"{base_url}/models/storm-1-nano",
            headers={"Authorization": f"Bearer {SAMPLE_KEY}"},
            timeout=10,
        )
    assert response.status_code == 200
    assert ("ETag" in response.headers) is is_planned
    assert response.headers.get("X-Quota-Remaining") == ("249" if is_planned else None)
