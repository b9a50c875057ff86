"""The terminal: what may be shown on it, how wide it is, folding to that width, and printing that outlives its reader."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap

import click

from llm_stats.errors import LlmStatsError

#: Control characters, and marks that change the direction of text or are not to be seen: a name from the API must not steer a terminal.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
#: A space at which no line ends: `(+17 %)`, `0.50 → 0.60`.
_JOINT = re.compile(r" (?=[%→])|(?<=→) ")
#: A line for people is no longer than this, whatever a name from the API holds.
_LONGEST = 1000


def safe(text: str) -> str:
    """Text with what could steer a terminal made visible: `\\x1b[31m`."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def safe_json(text: str) -> str:
    """JSON that means the same; on a terminal, without what could steer it."""
    if width() is None:
        return text
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0]).strip('"'), text).replace(
        "\x7f", "\\u007f"
    )


def short(line: str) -> str:
    """A line of bearable length: of one that is too long, the beginning and the end."""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"


def words(line: str) -> list[str]:
    """The parts of a line that are never torn apart."""
    return _JOINT.sub("\xa0", line).split(" ")


def folded(line: str, columns: int, *, indent: int = 0, breaks_words: bool = False) -> list[str]:
    """A line in parts no longer than `columns`, each but the first indented; a longer word stands out, or is broken."""
    if len(line) <= columns:
        return [line]
    parts = textwrap.wrap(
        " ".join(words(line)), columns, subsequent_indent=" " * indent, break_on_hyphens=False, break_long_words=breaks_words
    )
    return [part.replace("\xa0", " ") for part in parts]


def width(*, err: bool = False) -> int | None:
    """The columns of the terminal; None in a pipe or a file, where nothing is folded: the next program wants whole lines."""
    stream = sys.stderr if err else sys.stdout
    return shutil.get_terminal_size().columns if stream is not None and stream.isatty() else None


def say(text: str = "", *, err: bool = False) -> None:
    """Prints a line. A reader that has seen enough (`| head`) ends the printing, never the command.

    Raises `LlmStatsError` if the output cannot be written for another reason, such as a full disk.
    """
    try:
        click.echo(text, err=err)
    except OSError as error:
        stream = sys.stderr if err else sys.stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is still in the buffer has to go somewhere
        if not err and not isinstance(error, BrokenPipeError):
            raise LlmStatsError(f"cannot write the output: {error.strerror}") from None


def tell(text: str = "", *, indent: int = 2, err: bool = False) -> None:
    """Prints prose, as `say` does; a line that is longer than the terminal goes on, indented further, in the next."""
    if columns := width(err=err):
        own = [(line, len(line) - len(line.lstrip(" "))) for line in text.split("\n")]
        text = "\n".join(part for line, margin in own for part in folded(line, columns, indent=margin + indent))
    say(text, err=err)
