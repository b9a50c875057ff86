"""Configuration files that `llm-stats init` writes."""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from pathlib import Path

import pytest
from llm_stats import config_files
from llm_stats.settings import Settings
from support.command import Command


def uncomment(text: str) -> dict[str, object]:
    """Uncomment each setting; return the settings in `[sources.llm_stats]`."""
    document = tomllib.loads(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE))
    return dict(document["sources"]["llm_stats"])


def test_files_are_written_and_the_secrets_are_private(llm_stats: Command, workdir: Path) -> None:
    done = llm_stats("init")
    assert done.out.splitlines()[:2] == ["wrote .dlt/config.toml", "wrote .dlt/secrets.toml"]
    assert "next: write your API key into .dlt/secrets.toml, and keep" in done.out
    assert done.code == 0
    assert stat.S_IMODE((workdir / ".dlt" / "secrets.toml").stat().st_mode) == 0o600
    assert "api_key" in (workdir / ".dlt" / "secrets.toml").read_text("utf-8")


def test_existing_files_are_not_changed(llm_stats: Command, workdir: Path) -> None:
    (workdir / ".dlt").mkdir()
    (workdir / ".dlt" / "secrets.toml").write_text("mine")
    done = llm_stats("init")
    assert done.out.splitlines()[:2] == [
        "wrote .dlt/config.toml",
        ".dlt/secrets.toml exists: not changed",
    ]
    assert (workdir / ".dlt" / "secrets.toml").read_text() == "mine"


def test_written_files_change_no_setting(
    llm_stats: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLM_STATS_API_KEY")
    before = Settings.read()
    llm_stats("init")
    assert Settings.read() == before
    assert Settings.origins() == {}


def test_config_has_every_setting_with_its_default(llm_stats: Command, workdir: Path) -> None:
    llm_stats("init")
    text = (workdir / ".dlt" / "config.toml").read_text("utf-8")
    assert re.findall(r"^# max_age = (.+)$", text, re.MULTILINE) == ['"7d"', '"0s"']
    settings = uncomment(text.replace('# max_age = "0s"\n', ""))
    assert settings.keys() == Settings.model_fields.keys() - {"api_key", "webhook_url"}
    without_default = {"max_requests", "max_age"}
    defaults = {name: value for name, value in settings.items() if name not in without_default}
    assert Settings.read(**defaults) == Settings.read()


def test_existing_files_and_links_are_not_changed(llm_stats: Command, workdir: Path) -> None:
    (workdir / ".dlt").mkdir()
    (workdir / ".dlt" / "config.toml").write_text("[sources.llm_stats]\nconcurrency = 3\n")
    (workdir / ".dlt" / "secrets.toml").symlink_to(workdir / "elsewhere.toml")
    done = llm_stats("init")
    assert done.out.splitlines()[:2] == [
        ".dlt/config.toml exists: not changed",
        ".dlt/secrets.toml exists: not changed",
    ]
    assert done.code == 0
    assert Settings.read().concurrency == 3
    assert not (workdir / "elsewhere.toml").exists()


def test_files_are_written_where_the_settings_are_read(
    llm_stats: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_PROJECT_DIR", str(workdir / "project"))
    assert llm_stats("init").code == 0
    assert sorted(file.name for file in (workdir / "project" / ".dlt").iterdir()) == [
        "config.toml",
        "secrets.toml",
    ]
    assert not (workdir / ".dlt").exists()


def test_file_instead_of_the_folder_is_an_error(llm_stats: Command, workdir: Path) -> None:
    (workdir / ".dlt").write_text("x")
    done = llm_stats("init")
    assert done.err == (
        "llm-stats: .dlt/config.toml cannot be written: .dlt is not a folder; rename it\n"
    )
    assert done.code == 2


def test_folder_that_cannot_be_written_is_an_error(
    llm_stats: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", fail)
        done = llm_stats("init")
    cause = "No space left on device; use a folder that you may write to"
    assert done.err == f"llm-stats: .dlt/config.toml cannot be written: {cause}\n"
    assert done.code == 2
    (workdir / ".dlt").write_text("a file")
    done = llm_stats("init")
    cause = ".dlt is not a folder; rename it"
    assert done.err == f"llm-stats: .dlt/config.toml cannot be written: {cause}\n"
    assert done.code == 2


def test_config_is_readable_for_all_and_result_states_what_was_written(workdir: Path) -> None:
    previous = os.umask(0)
    try:
        written = config_files.write_missing_files()
    finally:
        os.umask(previous)
    config, secrets = Path(".dlt/config.toml"), Path(".dlt/secrets.toml")
    assert list(written.items()) == [(config, True), (secrets, True)]
    assert stat.S_IMODE(config.stat().st_mode) == 0o644
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert config_files.write_missing_files() == {config: False, secrets: False}


def test_templates_of_an_installed_package(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = workdir / "package" / "templates"
    templates.mkdir(parents=True)
    (templates / "config.toml").write_text("c")
    (templates / "example.secrets.toml").write_text("s")
    monkeypatch.setattr(config_files, "__file__", str(workdir / "package" / "config_files.py"))
    config_files.write_missing_files()
    assert [Path(f".dlt/{name}.toml").read_text() for name in ("config", "secrets")] == ["c", "s"]
