"""The systemd units, run by a real systemd with all their restrictions."""

from __future__ import annotations

import configparser
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from fake_api.server import FakeApi
from llm_stats.sample import SAMPLE_KEY, SampleApi
from support.processes import PROGRAMS
from support.recipes import BARE, FOLDER, RECIPES, price_watch
from support.virtualenvs import ROOT

pytestmark = pytest.mark.ecosystem


@pytest.fixture
def units(folder: Path) -> list[Path]:
    """Return the paths of the systemd units, changed to use `folder`."""
    written = [folder / name for name in ("llm-stats.service", "llm-stats.timer")]
    for unit in written:
        unit.write_text((RECIPES / unit.name).read_text("utf-8").replace(FOLDER, str(folder)))
    return written


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_verifies_the_units(units: list[Path]) -> None:
    verified = subprocess.run(
        ["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True, check=False
    )
    assert verified.stderr == ""
    assert verified.returncode == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_price_watch_of_systemd(units: list[Path], folder: Path) -> None:
    (commands,) = price_watch("sh")[:1]
    for command in [line for line in commands.splitlines() if line.startswith("sed ")]:
        subprocess.run(["/bin/sh", "-ec", command], cwd=folder, check=True)
    assert "--all --max-requests 200 --notify" in units[0].read_text()
    made = [folder / "llm-stats-prices.service", folder / "llm-stats-prices.timer"]
    assert "--all --catalog-only --notify" in made[0].read_text()
    assert "--summary prices.json" in made[0].read_text()
    assert "OnCalendar=*-*-* *:45:00 UTC\n" in made[1].read_text()
    verified = subprocess.run(
        ["systemd-analyze", "verify", *map(str, made)], capture_output=True, text=True, check=False
    )
    assert verified.stderr == ""
    assert verified.returncode == 0


def test_the_command_of_the_service(units: list[Path], folder: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(units[0].read_text())
    service = unit["Service"]
    assert service["WorkingDirectory"] == service["ReadWritePaths"] == str(folder)

    def start(base_url: str) -> tuple[int, str, str]:
        (folder / ".dlt" / "config.toml").write_text(
            f'[sources.llm_stats]\nbase_url = "{base_url}"\n'
        )
        command = shlex.split(service["ExecStart"])
        done = subprocess.run(
            command,
            env=BARE,
            cwd=service["WorkingDirectory"],
            capture_output=True,
            text=True,
            check=False,
        )
        _, ended = map(json.loads, done.stderr.splitlines())
        return (
            done.returncode,
            ended["event"],
            json.loads((folder / "run.json").read_text())["kind"],
        )

    no_failure = set(map(int, service["SuccessExitStatus"].split()))
    with FakeApi(daily_quota=0) as spent:
        assert start(spent.base_url) == (75, "run_finished", "quota_spent")
        assert start(spent.base_url.replace("/stats", "")) == (3, "run_failed", "nothing_fetched")
    assert no_failure == {75}


def can_boot_systemd() -> bool:
    """Return whether this process may create all the namespaces that a systemd needs."""
    if os.geteuid() or not Path("/lib/systemd/systemd").exists():
        return False
    unshare = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--cgroup"]
    mount = ["mount", "-t", "cgroup2", "cgroup2", "/mnt"]
    return not subprocess.run([*unshare, *mount], capture_output=True, check=False).returncode


Start = Callable[..., tuple[int, str]]


@pytest.fixture
def start(tmp_path: Path, api: SampleApi) -> Start:
    """Return a function that starts the service in `tmp_path / "data"` with a real systemd.

    Each argument of the function is a pair: a text in the unit file and its replacement. The
    function returns the exit code of `systemctl start`, and the output of systemd and the run.
    """
    data = tmp_path / "data"
    (data / "venv" / "bin").mkdir(parents=True)
    script = data / "venv" / "bin" / "llm-stats"
    script.write_text(
        "#!/bin/sh\n"
        "export LD_LIBRARY_PATH=/opt/python/lib PYTHONHOME=/opt/python\n"
        "export PYTHONPATH=/opt/project/pipelines:/opt/site\n"
        f'exec /opt/python/bin/python3.{sys.version_info.minor} -m llm_stats "$@" 2> log\n'
    )
    script.chmod(0o755)
    (data / ".dlt").mkdir()
    (data / ".dlt" / "config.toml").write_text(
        f'[sources.llm_stats]\nbase_url = "{api.base_url.replace("127.0.0.1", "localhost")}"\n'
    )
    (data / ".dlt" / "secrets.toml").write_text(
        f'[sources.llm_stats]\napi_key = "{SAMPLE_KEY}"\nwebhook_url = "http://127.0.0.1:1/"\n'
    )

    def run(*replacements: tuple[str, str]) -> tuple[int, str]:
        text = (RECIPES / "llm-stats.service").read_text("utf-8")
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        unit = tmp_path / "llm-stats.service"
        unit.write_text(text)
        site = Path(duckdb.__file__).parents[1]
        boot = PROGRAMS / "boot_systemd.sh"
        command = ["sh", *map(str, (boot, unit, data, sys.base_prefix, site, ROOT))]
        subprocess.run(command, capture_output=True, timeout=100, check=False)
        printed = [(data / name).read_text() for name in ("journal", "log")]
        return int((data / "code").read_text()), "".join(printed)

    return run


needs_systemd = pytest.mark.skipif(not can_boot_systemd(), reason="cannot start a systemd here")


@needs_systemd
def test_restricted_service_publishes_the_report_and_the_feed_too(
    start: Start, tmp_path: Path
) -> None:
    """The quota is spent after five models. The run exits with 75, a success for systemd."""
    summary = "--summary run.json"
    code, printed = start((summary, f"{summary} --report page.html --feed changes.xml"))
    assert code == 0, printed
    data = tmp_path / "data"
    assert json.loads((data / "run.json").read_text())["kind"] == "deferred"
    for name in ("page.html", "changes.xml", "llm_stats.duckdb"):
        assert (data / name).exists(), name
    assert (data / "llm_stats.duckdb").stat().st_uid == 65533


@needs_systemd
def test_service_cannot_write_outside_its_folder(start: Start) -> None:
    code, printed = start(("--summary run.json", "--report /etc/x.html"))
    assert code == 1
    assert "/etc/x.html cannot be written: Read-only file system" in printed


@needs_systemd
def test_linked_folder_on_another_disk_needs_the_line_of_the_docs(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "data" / ".llm_stats").symlink_to("/srv/disk")
    code, printed = start()
    assert code == 1
    assert "Read-only file system: /srv/disk" in printed
    line = f"ReadWritePaths={FOLDER}"
    code, printed = start((line, f"{line} /srv/disk"))
    assert code == 0, printed


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_exposure_is_low(units: list[Path]) -> None:
    """On systemd's scale from 0 to 10, at most 1.9 is allowed; network access alone adds 0.8."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=19", str(units[0])]
    rated = subprocess.run(command, capture_output=True, text=True, check=False)
    assert rated.returncode == 0, rated.stdout
