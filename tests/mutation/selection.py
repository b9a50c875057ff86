"""The mutants to try: all of some files or of changed lines, or a random sample of each area."""

from __future__ import annotations

import itertools
import random
import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from mutation.areas import AREAS, ROOT, area_of, files_of
from mutation.mutants import Mutant, mutants_of

EQUIVALENT = Path(__file__).with_name("equivalent.toml")

#: File -> numbers of the lines to change; None for all lines.
Lines = dict[Path, set[int] | None]


def select(paths: list[str], revision: str | None, *, count: int | None, seed: int) -> list[Mutant]:
    """Return mutants of the paths (by default of all areas), at most `count` of each area."""
    lines = _named_lines(paths or list(AREAS))
    if revision is not None:
        changed = _changed_lines(revision)
        lines = {path: changed[path] for path in lines if path in changed}
    chosen: list[Mutant] = []
    for area in AREAS:
        files = [path for path in lines if area_of(path) == area]
        mutants = _shuffled(files, lines, random.Random(f"{seed} {area}"))
        chosen += itertools.islice((m for m in mutants if m.is_valid()), count)
    return chosen


def _shuffled(files: Iterable[Path], lines: Lines, rng: random.Random) -> Iterator[Mutant]:
    """Yield the mutants in random order, alternating between files and kinds of changes.

    In a plain random order, most mutants would be changed constants of the largest files.
    """
    queues, left_out = [], equivalent()
    for path in sorted(files):
        listed = {diff for file, diff in left_out if file == path}
        by_kind: dict[str, list[Mutant]] = {}
        for mutant in mutants_of(path):
            wanted = lines[path]
            is_wanted = wanted is None or wanted.intersection(mutant.lines)
            if is_wanted and not (listed and tuple(mutant.diff) in listed):
                by_kind.setdefault(mutant.change.kind, []).append(mutant)
        for mutants in by_kind.values():
            rng.shuffle(mutants)
        queues.append(_in_turn(list(by_kind.values()), rng))
    yield from _in_turn([list(queue) for queue in queues], rng)


def _in_turn(lists: list[list[Mutant]], rng: random.Random) -> Iterator[Mutant]:
    remaining = [list(mutants) for mutants in lists if mutants]
    while remaining:
        rng.shuffle(remaining)
        for mutants in remaining:
            yield mutants.pop(0)
        remaining = [mutants for mutants in remaining if mutants]


def _named_lines(names: list[str]) -> Lines:
    lines: Lines = {}
    for name in names:
        path, _, number = name.partition(":")
        absolute = Path(path).resolve()
        if name in AREAS:
            lines |= dict.fromkeys(files_of(name))
        elif absolute.is_dir():
            folder = absolute.relative_to(ROOT)
            all_files = (file for area in AREAS for file in files_of(area))
            lines |= dict.fromkeys(file for file in all_files if file.is_relative_to(folder))
        elif absolute.is_file() and area_of(absolute.relative_to(ROOT)):
            lines[absolute.relative_to(ROOT)] = {int(number)} if number else None
        else:
            raise SystemExit(f"{name}: not a source file, folder or area ({', '.join(AREAS)})")
    return lines


def _changed_lines(revision: str) -> Lines:
    """Return the lines that were added or changed since a revision."""
    command = ["git", "diff", "--unified=0", "--no-color", "--no-ext-diff", revision, "--"]
    diff = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return parse_diff(diff)


def parse_diff(diff: str) -> Lines:
    """Return the added lines of each file in the output of `git diff --unified=0`."""
    lines: Lines = {}
    added: set[int] = set()
    for line in diff.splitlines():
        if line.startswith("+++ "):
            added = set()
            lines[Path(line.removeprefix("+++ ").removeprefix("b/"))] = added
        elif match := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            start, number = int(match[1]), int(match[2] or 1)
            added.update(range(start, start + number))
    return lines


def equivalent() -> set[tuple[Path, tuple[str, ...]]]:
    """Return path and diff of each change in `equivalent.toml`."""
    entries = tomllib.loads(EQUIVALENT.read_text("utf-8")).get("change", [])
    return {(Path(entry["file"]), tuple(entry["diff"])) for entry in entries}
