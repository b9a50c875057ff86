"""Atom feed (RFC 4287) of price, score and catalog changes; newest first, one entry per change.

The id of an entry is the `change_id` of the change, so that feed readers show each change once.
The id of the feed is made from the first load of the warehouse.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from pathlib import Path

from feedgenerator import Atom1Feed

from llm_stats import files
from llm_stats.queries import changes
from llm_stats.queries.attribution import (
    SAMPLE_TEXT,
    SOURCE_NAME,
    SOURCE_URL,
    Attribution,
    read_attribution,
)
from llm_stats.text import escape_control_chars, pluralize
from llm_stats.warehouse.reader import Reader

#: Number of days that the feed of a run covers.
FEED_DAYS = 30
#: Maximum number of entries; the subtitle states how many are omitted.
_MAX_ENTRIES = 1000
_START = b'<?xml version="1.0" encoding="utf-8"?>\n<feed '
_NONCHARACTERS = re.compile("[\ufffe\uffff]")  # XML 1.0 does not allow them, not even escaped


def write(reader: Reader, out: Path, min_change_pct: float = 0) -> None:
    """Write the feed of the last 30 days atomically. Raise `UsageError` if writing fails."""
    since = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(days=FEED_DAYS)
    text = feed(reader, since, min_change_pct)
    require_writable(out)
    with files.write_errors(out):
        files.atomic_write(out, text)


def require_writable(out: Path) -> None:
    """Raise `UsageError` if `out` cannot be written, or exists and is not an Atom feed."""
    with files.write_errors(out):
        files.require_kind(out, _START, "an Atom feed")
        files.require_writable(out)


def feed(reader: Reader, since: dt.datetime, min_change_pct: float = 0) -> str:
    """Return the feed of the changes since a time (UTC) as XML.

    Price changes of `min_change_pct` percent or less are omitted, as in notifications.
    """
    source = read_attribution(reader)
    found = [
        change
        for change in changes.since(reader, since).to_dicts()
        if not changes.is_small(change, min_change_pct)
    ]
    found.sort(key=lambda change: change["changed_at"], reverse=True)  # stable: largest first
    shown = found[:_MAX_ENTRIES]
    omitted = len(found) - len(shown)
    subject = pluralize(omitted, "older change is", "older changes are")
    rest = f" {subject} omitted." if omitted else ""
    document = Atom1Feed(
        title="Changes of LLM prices and scores",
        link=SOURCE_URL,
        description=None,
        subtitle=f"{source.text}{rest}",
        language="en",
        author_name="llm-stats sample" if source.is_sample else SOURCE_NAME,
        author_link=None if source.is_sample else SOURCE_URL,
        feed_copyright=source.text,
        feed_guid=_make_feed_id(reader),
    )
    pages = _read_pages(reader)
    for change in shown:
        title = _to_xml_text(change["change"])
        document.add_item(
            title=title,
            link=pages.get(change["model_id"], SOURCE_URL),
            description=f"<p>{html.escape(title)}</p><p>{_format_source(source)}</p>",
            pubdate=change["changed_at"].replace(tzinfo=dt.UTC),
            unique_id=f"urn:uuid:{change['change_id']}",
            categories=[change["kind"]],
        )
    return str(document.writeString("utf-8"))


def _make_feed_id(reader: Reader) -> str:
    """Return the id of the feed, made from the first load of the warehouse."""
    ((first_load,),) = reader.query("select min(load_id) from staging.loads").rows
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{SOURCE_URL}/changes/{first_load}')}"


def _read_pages(reader: Reader) -> dict[str, str]:
    """Return the URL of each model's web page, by id; omit texts that are not web addresses."""
    rows = reader.query("select model_id, upstream_url from marts.models").rows
    return {
        model_id: url
        for model_id, url in rows
        if url and re.fullmatch(r"https?://[!#-;=?-\[\]_a-z~]+", url, re.IGNORECASE)
    }


def _format_source(source: Attribution) -> str:
    """Return the attribution as HTML; each entry has it, in case a reader shows only the entry."""
    return SAMPLE_TEXT if source.is_sample else f'Data: <a href="{SOURCE_URL}">{SOURCE_NAME}</a>'


def _to_xml_text(text: str) -> str:
    return _NONCHARACTERS.sub("\ufffd", escape_control_chars(text))
