"""Which definitions a warehouse was made from: while the files say the same, its views need not be made anew.

raw.defined_by(sha256)      one row
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from llm_stats.load.merge import Connection
from llm_stats.schema.tables import TABLE_COMMENTS, TABLES
from llm_stats.transform.files import SqlFile, literal

#: The digest that is noted, if one is.
NOTED = "select max(sha256) from raw.defined_by"


def digest(files: Iterable[SqlFile], dialect: str) -> str:
    """A text that changes with the files, the raw tables and the dialect."""
    said = (dialect, TABLES, TABLE_COMMENTS, [(file.address, file.text) for file in files])
    return hashlib.sha256(repr(said).encode()).hexdigest()


def note(connection: Connection, digest: str) -> None:
    """Notes what the definitions were made from; in a transaction of the caller's."""
    connection.execute("create table if not exists raw.defined_by (sha256 varchar not null)")
    connection.execute("comment on table raw.defined_by is 'One row: what the tables and views of this warehouse were made from'")
    connection.execute("comment on column raw.defined_by.sha256 is 'Hash of all definitions; the same hash: nothing to define anew'")
    connection.execute("delete from raw.defined_by")
    connection.execute(f"insert into raw.defined_by (sha256) values ({literal(digest)})")
