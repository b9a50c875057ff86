"""Terminal output: width, wrapping, printing that survives a closed pipe."""

from __future__ import annotations

import json
import os
import shutil
import sys

import click

from llm_stats.errors import LlmStatsError
from llm_stats.text import UNPRINTABLE, wrap


def escape_json(text: str) -> str:
    """JSON that means the same; on a terminal, without what could steer it."""
    if width() is None:
        return text
    return UNPRINTABLE.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0]).strip('"'), text).replace("\x7f", "\\u007f")


def width(*, err: bool = False) -> int | None:
    """The columns of the terminal; None in a pipe or a file, where nothing is folded: the next program wants whole lines."""
    stream = sys.stderr if err else sys.stdout
    return shutil.get_terminal_size().columns if stream is not None and stream.isatty() else None


def echo(text: str = "", *, err: bool = False) -> None:
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


def echo_wrapped(text: str = "", *, indent: int = 2, err: bool = False) -> None:
    """Prints prose, as `say` does; a line that is longer than the terminal goes on, indented further, in the next."""
    if columns := width(err=err):
        own = [(line, len(line) - len(line.lstrip(" "))) for line in text.split("\n")]
        text = "\n".join(part for line, margin in own for part in wrap(line, columns, indent=margin + indent))
    echo(text, err=err)
