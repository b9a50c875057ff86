"""The page: facts, charts and template put together into one file that asks nobody for anything.

Names come from the API and are hostile. They enter as JSON that no `<` can end, and `page.js` makes text nodes of them; no spec of
`charts.js` takes a field name or an expression from data. Whatever slipped through all the same could do nothing: the page's own policy
runs no script but its two, by their hashes, evaluates no text as code, and opens no connection.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import functools
import hashlib
import html
import json
import string
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import vl_convert

from llm_stats import __version__, files
from llm_stats.errors import UsageError
from llm_stats.report.data import collect
from llm_stats.text import format_value
from llm_stats.warehouse.reader import Reader


def write(reader: Reader, out: Path) -> None:
    """Writes the page, whole or not at all. Raises `UsageError` if it cannot be written, or the file is no warehouse."""
    made = page(reader)
    with _write_errors(out):
        files.atomic_write(out, made)


def require_writable(out: Path) -> None:
    """Raises `UsageError` if no page could be written there."""
    with _write_errors(out):
        files.require_writable(out)


def page(reader: Reader) -> str:
    """The whole page: HTML, 0.9 MB of which is the chart library."""
    found = collect(reader)
    scripts = {
        "library": _library(),
        "script": _script("".join(map(_file, ("parts.js", "charts.js", "page.js")))),
    }
    sources = " ".join(map(_hash, scripts.values()))
    policy = f"default-src 'none'; script-src {sources}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    figures = found.headline | {"version": __version__, "made_at": dt.datetime.now(dt.UTC).replace(tzinfo=None)}
    return string.Template(_file("page.html")).substitute(
        scripts,
        policy=policy,
        style=_file("page.css"),
        data=_json(found.tables),
        age=_age(found.headline["newest_at"], found.headline["oldest_at"]),
        sample=_sample(found.headline["sample_count"], found.headline["model_count"]),
        **{name: html.escape(format_value(value)) for name, value in figures.items()},
    )


@functools.cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script; putting it together takes longer than all the rest."""
    return _script(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


@contextlib.contextmanager
def _write_errors(out: Path) -> Iterator[None]:
    """A file that cannot be written is a `UsageError`."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{out.resolve()} cannot be written: {error.strerror}; name another file") from None


def _file(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


def _age(newest_at: dt.datetime | None, oldest_at: dt.datetime | None) -> str:
    """From when the records are (UTC); how long ago that is, the page says when it is read."""
    if newest_at is None:
        return "No record has been fetched yet."
    newest = f'<time id="newest" datetime="{newest_at.isoformat(timespec="seconds")}Z">{format_value(newest_at)} UTC</time>'
    return f'Newest record {newest}<span id="age"></span>, oldest {format_value(oldest_at)} UTC.'


def _sample(sample_count: int, model_count: int) -> str:
    """What has to be said of invented records; nothing if there are none."""
    if not sample_count:
        return ""
    which = "All of this is" if sample_count == model_count else f"{sample_count:,} of the {model_count:,} models here are"
    return f'<p class="warning" id="sample">{which} a sample: invented models, with invented prices and scores.</p>'


def _script(text: str) -> str:
    """A script that no string in it can end."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _json(value: Any) -> str:
    """JSON for a script element: nothing in it can end the element or open a comment."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
