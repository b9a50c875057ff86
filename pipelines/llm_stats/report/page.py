"""HTML page: data, charts and template in one file that loads nothing from the network.

Names from the API are untrusted. The static tables contain them as escaped HTML. For the scripts,
they are embedded as JSON without `<`, and the scripts put them into text nodes. Field names and
expressions in charts never come from data. A content security policy allows only two scripts, by
hash. The policy forbids `eval` and all connections.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import html
import json
import string
from importlib import resources
from pathlib import Path
from typing import Any

from llm_stats import files
from llm_stats._version import __version__
from llm_stats.errors import UsageError
from llm_stats.queries.attribution import SOURCE_NAME, SOURCE_URL, Attribution
from llm_stats.report import static
from llm_stats.report.data import collect
from llm_stats.text import format_value
from llm_stats.warehouse.reader import Reader

_DOCTYPE = b"<!doctype html>"
#: Scripts under `assets/`, joined in this order. A script uses the scripts before it.
_SCRIPTS = (
    "data.js",
    "format.js",
    "dom.js",
    "workload.js",
    "state.js",
    "search.js",
    "marks.js",
    "table.js",
    "charts.js",
    "periods.js",
    "sparkline.js",
    *(
        f"sections/{name}.js"
        for name in (
            "moves",
            "value_chart",
            "value",
            "compare",
            "sheet",
            "history_points",
            "history_chart",
            "history",
            "changes",
            "leaderboard",
            "providers",
            "quality",
        )
    ),
    "main.js",
)
_STYLES = tuple(f"styles/{name}.css" for name in ("base", "controls", "tables", "charts", "print"))


def write(reader: Reader, out: Path) -> None:
    """Write the page atomically. Raise `UsageError` if writing fails or there is no warehouse."""
    require_writable(out)  # first, because reading the data takes longer
    html_page = page(reader)
    with files.write_errors(out):
        files.atomic_write(out, html_page)


def require_writable(out: Path) -> None:
    """Raise `UsageError` if the chart library is missing, or if `out` cannot be written.

    Also raise it if `out` exists and is not an HTML page.
    """
    _bundle_library()
    with files.write_errors(out):
        files.require_kind(out, _DOCTYPE, "an HTML page")
        files.require_writable(out)


def page(reader: Reader) -> str:
    """Return the page as HTML; 0.9 MB of it is the chart library."""
    report_data = collect(reader)
    headline = report_data.headline
    scripts = {
        "library": _bundle_library(),
        "script": _escape_script("\n".join(map(_read_asset, _SCRIPTS))),
    }
    sources = " ".join(map(_hash_script, scripts.values()))
    policy = (
        f"default-src 'none'; script-src {sources}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    figures = headline | {
        "version": __version__,
        "made_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
    }
    return string.Template(_read_asset("page.html")).substitute(
        scripts,
        policy=policy,
        style="\n".join(map(_read_asset, _STYLES)),
        data=_to_script_json(report_data.encoded),
        leaders=static.leaders(report_data.tables),
        moves=static.moves(
            report_data.tables["moves"], headline["prices_since"], headline["as_of"]
        ),
        times=_format_times(headline["read_at"], headline["newest_at"], headline["oldest_at"]),
        listings=_format_listings(headline),
        examples=_format_examples(headline["example_count"]),
        source=_format_source(report_data.attribution),
        **{name: html.escape(format_value(value)) for name, value in figures.items()},
    )


@functools.cache
def _bundle_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script; cached, because bundling is slow.

    Raise `UsageError` if vl-convert-python, which contains the three libraries, is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise UsageError(
            "the report needs the chart library of vl-convert-python, which is not installed; "
            "run `pip install 'vl-convert-python>=1.9,<2'`"
        ) from None
    return _escape_script(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _read_asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text("utf-8")


def _format_times(
    read_at: dt.datetime | None, newest_at: dt.datetime | None, oldest_at: dt.datetime | None
) -> str:
    """Return the times of the last catalog read, the newest record and the oldest record.

    If the catalog was never read, its time is left out.
    """
    catalog = f"Catalog last read {_format_time(read_at)}. " if read_at else ""
    if newest_at is None or oldest_at is None:
        return f"{catalog}No record has been fetched yet."
    newest, oldest = _format_time(newest_at), _format_time(oldest_at)
    return f"{catalog}Newest record {newest}, oldest {oldest}."


def _format_time(time: dt.datetime) -> str:
    """Return a time (UTC) as a `<time>` element, to which scripts add the age."""
    machine_time = f"{time.isoformat(timespec='seconds')}Z"
    return f'<time datetime="{machine_time}">{format_value(time)} UTC</time>'


def _format_listings(headline: dict[str, Any]) -> str:
    """Return numbers of models: ` (2 listed, 1 left, 1 without scores yet)`.

    Leave out each count of zero. Return an empty string if all counts are zero.
    """
    counts = (
        (headline["listed_count"], "listed"),
        (headline["unlisted_count"], "left"),
        (headline["unfetched_count"], "without scores yet"),
    )
    text = ", ".join(f"{count:,} {label}" for count, label in counts if count)
    return f" ({text})" if text else ""


def _format_examples(count: int) -> str:
    """Return `, of which 15 with an example source`, or an empty string if the count is zero."""
    return f", of which {count:,} with an example source" if count else ""


def _format_source(attribution: Attribution) -> str:
    """Return HTML: the source of the data, a warning about invented models, or both."""
    sample_count, model_count = attribution.sample_count, attribution.model_count
    link = f'Data: <a href="{SOURCE_URL}">{SOURCE_NAME}</a>'
    date = f", retrieved {attribution.retrieved_at:%Y-%m-%d}" if attribution.retrieved_at else ""
    source = f'<p class="note" id="source">{link}{date}.</p>'
    if not sample_count:
        return source
    subject = (
        "All of this is"
        if attribution.is_sample
        else f"{sample_count:,} of the {model_count:,} models here are"
    )
    note = "a sample: invented models, with invented prices and scores."
    warning = f'<p class="warning" id="sample">{subject} {note}</p>'
    return warning if attribution.is_sample else source + warning


def _escape_script(text: str) -> str:
    """Escape character sequences that would end a script element or open a comment in it."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash_script(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _to_script_json(value: Any) -> str:
    """Return JSON for a script element, without characters that could end the element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
