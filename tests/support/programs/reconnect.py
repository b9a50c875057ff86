"""Replace a symlink to a database while the database is open: `reconnect.py FOLDER`.

Prints the value read on each of four connections:

1. opened before the replacement
2. opened after the replacement
3. in memory, with the symlink attached after the replacement
4. opened after the first three connections were closed
"""

from __future__ import annotations

import pathlib
import sys

import duckdb

folder = pathlib.Path(sys.argv[1])
link = folder / "w.duckdb"


def print_value(connection: duckdb.DuckDBPyConnection, table: str = "t") -> None:
    print(connection.execute(f"select x from {table}").fetchall()[0][0])


for number in (1, 2):
    (folder / f"s{number}").mkdir()
    with duckdb.connect(folder / f"s{number}" / "w.duckdb") as connection:
        connection.execute(f"create table t as select {number} as x")
link.symlink_to("s1/w.duckdb")
old = duckdb.connect(link, read_only=True)
(folder / "next").symlink_to("s2/w.duckdb")
(folder / "next").replace(link)
print_value(old)
new = duckdb.connect(link, read_only=True)
print_value(new)
attaching = duckdb.connect()
attaching.execute(f"attach '{link}' as attached (read_only)")
print_value(attaching, "attached.t")
for connection in (old, new, attaching):
    connection.close()
print_value(duckdb.connect(link, read_only=True))
