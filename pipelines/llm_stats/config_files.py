"""Configuration files that `llm-stats init` writes: `config.toml` and `secrets.toml` in `.dlt`."""

from __future__ import annotations

import os
from pathlib import Path

from llm_stats.errors import UsageError
from llm_stats.settings import config_files

#: Permissions of each file: only the owner may read secrets.
_MODES = {"config.toml": 0o644, "secrets.toml": 0o600}
_TEMPLATES = {"config.toml": "config.toml", "secrets.toml": "example.secrets.toml"}


def write_missing_files() -> dict[Path, bool]:
    """Write each configuration file that does not exist; return whether each was written.

    For example `{Path(".dlt/config.toml"): False, Path(".dlt/secrets.toml"): True}`. Raise
    `UsageError` if a file cannot be written.
    """
    return {file: _write(file) for file in reversed(config_files())}


def _write(file: Path) -> bool:
    """Copy the template to `file`; return False if the file exists."""
    text = (_folder() / _TEMPLATES[file.name]).read_bytes()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # with `O_EXCL`, neither a file nor the target of a symlink is overwritten
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(file, flags, _MODES[file.name]), "wb") as opened:
            opened.write(text)
    except FileExistsError:
        if file.parent.is_dir():
            return False
        raise UsageError(
            f"{file} cannot be written: {file.parent} is not a folder; rename it"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}; use a folder that you may write to"
        ) from None
    return True


def _folder() -> Path:
    """Return the folder of the templates: in an installed package, or `.dlt` of a checkout."""
    installed = Path(__file__).with_name("templates")
    return installed if installed.is_dir() else Path(__file__).parents[2] / ".dlt"
