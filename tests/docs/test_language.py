"""Plain English in texts that people read, by the rules in docs/contributing.md.

The patterns match frequent errors of earlier texts; a match is nearly always an error. This file is
not checked, because it contains the patterns.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Files and folders whose texts are checked.
PATHS = (
    "README.md",
    "docs",
    ".ci",
    ".dlt",
    "pipelines/llm_stats",
    "sql",
    "tests",
)
_SUFFIXES = {
    "",
    ".css",
    ".html",
    ".js",
    ".md",
    ".py",
    ".service",
    ".sql",
    ".timer",
    ".toml",
    ".yml",
}

#: Pattern of a wrong wording -> a better wording.
PATTERNS = {
    r", for (?:there|it|they|that|one|no|none|nothing|nobody|the|a|an|its|their|what|who) "
    r"(?:\w+ )?(?:is|are|was|were|has|have|had|may|can|must|would|will|needs?|does)": "because",
    r"\banew\b": "again",
    r"\bbut for\b": "except for, without",
    r"(?<![Tt]here\s)\b(?:is|are|was) no (?!longer\b|more\b|\w+er\b)[a-z]\w+": "is not a",
    r"\bthrice\b": "three times",
    r"\bwho(?:m|so)?ever\b": "name the person or the program",
    r"\blest\b": "so that … not",
    r"\b(?:of|on) (?:its|their|his|your|our) own\b": "separate, its own",
    r"\bfor ever\b": "permanently, never expires",
    r"\bbe it\b": "whether",
    r"\bof no account\b": "does not matter",
    r"\bnobody's\b": "name the owner",
    r"\b(?:has|have|had|with) (?:none|nothing) of\b": "without",
    r"\bbeside\b": "next to",
    r"\b(?:file|database|snapshot|view|table|warehouse|column|engine)s? "
    r"(?:says?|tells?|asks?|knows?|wants?)\b": "contains, returns, prints",
    r"\b(?:stands|stand) (?:in|at|as|now|where)\b": "is",
    r"\bso (?:many|much) (?:tokens|rows|models)\b": "a number of",
    r"\bmend(?:s|ed)?\b": "repair, correct",
}

#: Docstring that begins with a clause instead of a noun or a verb.
_DOCSTRING_START = re.compile(r"(?:What|Who|Whoever|Whatever|How|Where|When|Why)\b(?!.*\?)")


def _files() -> Iterator[Path]:
    for name in PATHS:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and file.suffix in _SUFFIXES and file != Path(__file__):
                yield file


def _label(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_texts_avoid_the_patterns() -> None:
    better = {
        re.compile(pattern.replace(" ", r"\s+")): plain for pattern, plain in PATTERNS.items()
    }
    slips = [
        f"{_label(file)}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]!r}; write: {plain}"
        for file in _files()
        for text in [file.read_text("utf-8")]
        for pattern, plain in better.items()
        for match in pattern.finditer(text)
    ]
    assert not slips, "\n".join(slips)


def test_docstrings_begin_with_a_noun_or_a_verb() -> None:
    definitions = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    slips = [
        f"{_label(file)}:{getattr(node, 'lineno', 1)}: {docstring.splitlines()[0]}"
        for file in _files()
        if file.suffix == ".py"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, definitions)
        and (docstring := ast.get_docstring(node))
        and _DOCSTRING_START.match(docstring)
    ]
    assert not slips, "\n".join(slips)


@pytest.mark.parametrize(
    "text",
    [
        "an error, for there is none",
        "made anew",
        "all but for one",
        "x.db is no warehouse",
        "whoever opens it",
        "a folder of its own",
        "the file says so",
    ],
)
def test_a_slip_is_found(text: str) -> None:
    assert any(re.search(pattern, text) for pattern in PATTERNS)


@pytest.mark.parametrize(
    "text",
    ["wait for the lock", "is no longer needed", "there is no check", "your own views"],
)
def test_plain_text_passes(text: str) -> None:
    assert not any(re.search(pattern, text) for pattern in PATTERNS)
