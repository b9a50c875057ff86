"""The pre-commit hooks and `.ci/check` run the same tools."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_hooks_run_the_tools_of_the_quick_checks() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    (repository,) = config["repos"]
    script = (ROOT / ".ci" / "check").read_text("utf-8")
    commands = re.findall(
        r"^(?:ruff \w+|mypy|lint-imports|sqlfluff \w+|codespell)", script, re.MULTILINE
    )
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    for command, hook in zip(commands, repository["hooks"], strict=True):
        assert hook["entry"].startswith(command)
