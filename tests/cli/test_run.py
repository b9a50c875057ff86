"""The commands `run` and `demo`."""

from __future__ import annotations

import os
from pathlib import Path

from llm_stats import sample
from llm_stats.sample import SampleApi
from support.command import Command
from support.processes import run_command


def test_a_long_id_does_not_fill_the_summary(llm_stats: Command) -> None:
    with SampleApi() as api:
        api.publish([sample.today()[0] | {"id": "x" * 3000}])
        done = llm_stats("run", "--all", "--base-url", api.base_url, "--max-requests", 1)
        failed = llm_stats("history", "y" * 100_000)
    assert max(map(len, (done.out + done.err + failed.err).splitlines())) < 1100


def test_the_code_of_a_run_outlives_its_reader(workdir: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with SampleApi() as api:
        done = run_command("run", "murmur-1", "no-such-model", "--base-url", api.base_url, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (4, "")
