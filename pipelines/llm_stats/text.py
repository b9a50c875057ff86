"""Text formatting: values, numbers, prices, escaping, truncation, wrapping; SQL literals."""

from __future__ import annotations

import datetime as dt
import decimal
import re
import shlex
import textwrap
from pathlib import Path

#: Regular expression for the first character of a text that a spreadsheet would run as a formula.
#: CSV output puts a `'` before such a text.
#: The characters are OWASP's: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = r"^[-=+@\t\r\n]"


def format_value(value: object) -> str:
    """Format one value for display; null is `–`, never 0."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | decimal.Decimal):
        return format_number(float(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, list | tuple):
        return ", ".join(format_value(item) for item in value)
    return escape_control_chars(str(value))


def format_number(value: float) -> str:
    """Format a number without insignificant digits: `4,800`, `0.35`, `0.0000125`, `1e+300`."""
    if abs(value) >= 1e15:
        return f"{value:g}"
    if abs(value) < 0.001:
        return f"{value:.3g}"
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def pluralize(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun: `1 model`, `2 models`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def with_number(name: str, number: int) -> str:
    """Append the number of an offer or score to its name, unless the number is 1.

    The second offer of `driftwood` becomes `driftwood (no. 2)`.
    """
    return name if number == 1 else f"{name} (no. {number})"


def format_offer(input_usd: float | None, output_usd: float | None) -> str:
    """Format the two prices of an offer: `5.00 in, 25.00 out`."""
    return f"{format_usd(input_usd)} in, {format_usd(output_usd)} out"


def format_usd(price: float | None) -> str:
    """Format a price: `7.00`, `0.0575`; null is `unknown`, never 0."""
    if price is None:
        return "unknown"
    return f"{price:,.2f}" if price == round(price, 2) and price < 1e15 else format_number(price)


#: Control characters, invisible characters and marks that change the direction of text.
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
#: Spaces at which a line is never broken: `(+17 %)`, `0.50 → 0.60`.
NON_BREAKING_SPACE_PATTERN = re.compile(r" (?=[%→])|(?<=→) ")
#: Maximum length of a displayed line, because names from the API may have any length.
MAX_LINE_LENGTH = 1000


def escape_control_chars(text: str) -> str:
    """Escape control characters, such as ESC as `\\x1b`, so that text cannot control a terminal."""
    return UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def truncate_middle(line: str) -> str:
    """Return the line, or its beginning and end if it is longer than `MAX_LINE_LENGTH`."""
    if len(line) <= MAX_LINE_LENGTH:
        return line
    return f"{line[: MAX_LINE_LENGTH // 2]} … {line[-MAX_LINE_LENGTH // 2 :]}"


def truncate_end(text: str, limit: int) -> str:
    """Return at most `limit` characters; a longer string is cut and ends with `…`."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def split_words(line: str) -> list[str]:
    """Split a line at the spaces where a line break is allowed."""
    return NON_BREAKING_SPACE_PATTERN.sub("\xa0", line).split(" ")


def wrap(line: str, columns: int, *, indent: int = 0, breaks_words: bool = False) -> list[str]:
    """Wrap a line to `columns`; continuation lines are indented.

    A word longer than `columns` overflows unless `breaks_words` is set.
    """
    if len(line) <= columns:
        return [line]
    parts = textwrap.wrap(
        " ".join(split_words(line)),
        columns,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=breaks_words,
    )
    return [part.replace("\xa0", " ") for part in parts]


def sql_literal(text: str) -> str:
    """Quote a string as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def format_command(command: str, database: Path | None = None) -> str:
    """Return an `llm-stats` command for a message, in backquotes.

    `--database` is added unless the database is `llm_stats.duckdb` in the working folder.
    """
    folder = Path.cwd()
    if database and database.absolute() != folder / "llm_stats.duckdb":
        path = database.relative_to(folder) if database.is_relative_to(folder) else database
        command += f" --database {shlex.quote(str(path))}"
    return f"`llm-stats {command}`"
