"""Virtual environments for tools that must not become dependencies of the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def python_with(folder: Path, *packages: str) -> str:
    """Create a virtual environment with these packages; return the path of its Python.

    uv installs a package in seconds that takes pip a minute, such as Airflow.
    """
    uv = [sys.executable, "-m", "uv", "--quiet"]
    python = folder / "venv" / "bin" / "python"
    subprocess.run([*uv, "venv", "--python", sys.executable, str(folder / "venv")], check=True)
    # without `--refresh-package`, uv would install a cached build of this project
    install = ["pip", "install", "--python", str(python), "--refresh-package", "llm-stats"]
    subprocess.run([*uv, *install, *packages], check=True)
    return str(python)
