"""Recipes of orchestrators: written to a folder, run once, or started by their schedule."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from llm_stats.sample import SAMPLE_KEY, SampleApi
from support.processes import PROGRAMS
from support.recipes import FOLDER, RECIPES
from support.webhook_server import WebhookServer

DAILY, EVERY_MINUTE = "15 5 * * *", "* * * * *"


def write_recipe(name: str, folder: Path, *replacements: tuple[str, str]) -> Path:
    """Write a recipe to `folder / "recipes"`; replace its data folder and the given texts."""
    text = (RECIPES / name).read_text("utf-8")
    for old, new in ((FOLDER, str(folder)), *replacements):
        assert old in text
        text = text.replace(old, new)
    file = folder / "recipes" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def environment(api: SampleApi, hook: WebhookServer, **more: str) -> dict[str, str]:
    settings = {
        "LLM_STATS_API_KEY": SAMPLE_KEY,
        "SOURCES__LLM_STATS__BASE_URL": api.base_url,
        "SOURCES__LLM_STATS__WEBHOOK_URL": hook.url,
    }
    return os.environ | settings | more


def orchestrated(
    python: str, program: str, recipe: Path, variables: dict[str, str], *keys: str
) -> Any:
    """Run a recipe once per API key, with `support/programs/<program>.py`.

    Return the JSON that the program prints.
    """
    done = subprocess.run(
        [python, str(PROGRAMS / f"{program}.py"), str(recipe), *keys],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def wait_for_message(hook: WebhookServer, command: list[str], variables: dict[str, str]) -> str:
    """Run a scheduler until the webhook receives a message; return the message."""
    log = Path(variables["LOG"])
    with log.open("wb") as output:
        scheduler = subprocess.Popen(
            command, env=variables, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 240
        while not hook.texts and time.monotonic() < deadline and scheduler.poll() is None:
            time.sleep(0.5)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(scheduler.pid, signal.SIGKILL)
        scheduler.wait()
    assert hook.texts, log.read_text()[-5000:]
    return hook.texts[0]
