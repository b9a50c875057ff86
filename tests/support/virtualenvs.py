"""Virtual environments for tools that must not become dependencies of the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def python_with(folder: Path, *packages: str) -> str:
    """Create a virtual environment with these packages; return the path of its Python."""
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    # --no-compile saves time, because tests import only a few modules
    subprocess.run([*pip, "install", "--quiet", "--no-compile", *packages], check=True)
    return python
