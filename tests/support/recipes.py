"""Recipes under `docs/schedules` and the commands of their documentation."""

from __future__ import annotations

import re

from support.virtualenvs import ROOT

RECIPES = ROOT / "docs" / "schedules"
FOLDER = "/srv/llm-stats"
#: Environment variables of a process that a scheduler starts.
BARE = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "LOGNAME": "llm-stats", "SHELL": "/bin/sh"}


def price_watch(language: str) -> list[str]:
    """Return the code blocks of a language, such as `sh`, in the section "Hourly price watch"."""
    page = (ROOT / "docs" / "schedules.md").read_text("utf-8")
    section = page.split("## Hourly price watch\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)```$", section, re.DOTALL | re.MULTILINE)
