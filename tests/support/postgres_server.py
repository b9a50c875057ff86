"""PostgreSQL server for the tests: Debian's binaries, a temporary folder, a port on loopback.

The server's settings differ from DuckDB's behaviour where possible: English collation, the time
zone of Tokyo, and rounded floating-point output. A statement fails after 30 seconds, so a test of
lock timeouts never hangs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

#: Password of the server's superuser; only the fixtures use it.
PASSWORD = "server-word-81c2"
#: Password of the role that owns the databases; no program may print it.
SECRET = "batch-word-5f3a"


def binaries() -> Path | None:
    """Return the folder that contains `initdb` and `pg_ctl`; Debian does not add it to `PATH`."""
    pg_ctl = shutil.which("pg_ctl")
    folders = [Path(pg_ctl).parent] if pg_ctl else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


@contextlib.contextmanager
def running() -> Iterator[int]:
    """Run a server; yield its port."""
    folder = binaries()
    if folder is None:
        if "CI" in os.environ:
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    home = Path(tempfile.mkdtemp(prefix="llm-stats-postgres-"))
    as_user = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(home, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": home,
        "fsync": "off",
        "timezone": "Asia/Tokyo",
        "extra_float_digits": 0,
        "statement_timeout": "30s",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    word = home / "word"
    word.write_text(PASSWORD)
    word.chmod(0o644)
    locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"]
    initdb = [
        folder / "initdb",
        "--pgdata",
        home / "data",
        "--username=postgres",
        "--auth=scram-sha-256",
        f"--pwfile={word}",
        "--no-sync",
    ]
    control = [*as_user, folder / "pg_ctl", "--pgdata", home / "data", "--wait"]
    quiet = {"check": True, "cwd": "/", "stdout": subprocess.DEVNULL}
    try:
        subprocess.run([*as_user, *initdb, *locale], **quiet)  # type: ignore[call-overload]
        subprocess.run([*control, "--options", options, "--log", home / "log", "start"], **quiet)  # type: ignore[call-overload]
        try:
            yield port
        finally:
            subprocess.run([*control, "--mode", "immediate", "stop"], **quiet)  # type: ignore[call-overload]
    finally:
        shutil.rmtree(home)


def execute_sql(url: str, query: str) -> list[tuple[object, ...]]:
    """Open a connection, execute a query and return its rows."""
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []


def address(
    port: int, user: str = "batch", password: str = SECRET, database: str = "postgres"
) -> str:
    """Return the URL of a database of the server."""
    return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}"
