"""HTML page: data, charts and template in one file that loads nothing from the network.

Names from the API are untrusted. They are embedded as JSON without `<`, and `page.js` puts them
into text nodes. Field names and expressions in charts never come from data. As a second
barrier, a content security policy allows only two scripts, which it identifies by hash. The policy
forbids evaluating strings as code, and forbids all connections.
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

_DOCTYPE = b"<!doctype html>"


def write(reader: Reader, out: Path) -> None:
    """Write the page atomically. Raise `UsageError` if writing fails or there is no warehouse."""
    html_page = page(reader)
    require_writable(out)
    with _write_errors(out):
        files.atomic_write(out, html_page)


def require_writable(out: Path) -> None:
    """Raise `UsageError` if `out` cannot be written, or exists and is not an HTML page."""
    with _write_errors(out):
        files.require_kind(out, _DOCTYPE, "an HTML page")
        files.require_writable(out)


def page(reader: Reader) -> str:
    """Return the page as HTML; 0.9 MB of it is the chart library."""
    report_data = collect(reader)
    scripts = {
        "library": _bundle_library(),
        "script": _escape_script("".join(map(_read_asset, ("parts.js", "charts.js", "page.js")))),
    }
    sources = " ".join(map(_hash_script, scripts.values()))
    policy = (
        f"default-src 'none'; script-src {sources}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    figures = report_data.headline | {
        "version": __version__,
        "made_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
    }
    return string.Template(_read_asset("page.html")).substitute(
        scripts,
        policy=policy,
        style=_read_asset("page.css"),
        data=_to_script_json(report_data.tables),
        age=_format_age(report_data.headline["newest_at"], report_data.headline["oldest_at"]),
        sample=_format_sample_warning(
            report_data.headline["sample_count"], report_data.headline["model_count"]
        ),
        **{name: html.escape(format_value(value)) for name, value in figures.items()},
    )


@functools.cache
def _bundle_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script; cached, because bundling is slow."""
    return _escape_script(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


@contextlib.contextmanager
def _write_errors(out: Path) -> Iterator[None]:
    """Convert an `OSError` in the `with` block to a `UsageError`."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{out.resolve()} cannot be written: {error.strerror}; name another file"
        ) from None


def _read_asset(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


def _format_age(newest_at: dt.datetime | None, oldest_at: dt.datetime | None) -> str:
    """Return a sentence with the times of the newest and oldest record (UTC).

    `page.js` adds the age when the page is opened.
    """
    if newest_at is None:
        return "No record has been fetched yet."
    machine_time = f"{newest_at.isoformat(timespec='seconds')}Z"
    newest = f'<time id="newest" datetime="{machine_time}">{format_value(newest_at)} UTC</time>'
    return f'Newest record {newest}<span id="age"></span>, oldest {format_value(oldest_at)} UTC.'


def _format_sample_warning(sample_count: int, model_count: int) -> str:
    """Return a warning if the page shows invented records; otherwise an empty string."""
    if not sample_count:
        return ""
    subject = (
        "All of this is"
        if sample_count == model_count
        else f"{sample_count:,} of the {model_count:,} models here are"
    )
    note = "a sample: invented models, with invented prices and scores."
    return f'<p class="warning" id="sample">{subject} {note}</p>'


def _escape_script(text: str) -> str:
    """Escape character sequences that would end a script element or open a comment in it."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash_script(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _to_script_json(value: Any) -> str:
    """Return JSON for a script element, without characters that could end the element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
