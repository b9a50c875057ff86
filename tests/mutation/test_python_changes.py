"""Changes to Python: each kind, and no change to annotations, docstrings and messages."""

from __future__ import annotations

import ast

import pytest
from mutation import python_changes


def mutated(text: str, kind: str) -> list[str]:
    """Apply each change of the given kind separately; return the changed texts."""
    changes = sorted(change for change in python_changes.find(text) if change.kind == kind)
    return [change.apply(text) for change in changes]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("a <= b", "comparison", ["a < b"]),
        ("a is  not b", "comparison", ["a is b"]),
        ("0 < a < 5", "comparison", ["0 <= a < 5", "0 < a <= 5"]),
        ("a and (b or c)", "logic", ["a or (b or c)", "a and (b and c)"]),
        (
            "a and (b or c)",
            "condition",
            ["(b or c)", "a", "a and (c)", "a and (b)"],
        ),
        ("if not a: pass", "not", ["if a: pass"]),
        ("while a := b: pass", "not", ["while not (a := b): pass"]),
        ("if a > 1: raise b", "case", ["if False: raise b"]),
        ("a if b else c", "case", ["a", "c"]),
        ("[a for a in b if c]", "filter", ["[a for a in b if True]"]),
        ("a - 1", "arithmetic", ["a + 1"]),
        ("a / b", "arithmetic", []),
        ("a + 'b'", "arithmetic", []),
        ("a = 1, True", "constant", ["a = 2, True", "a = 1, False"]),
        ("'é', 'a'", "constant", ["'é_', 'a'", "'é', 'a_'"]),
        ("a.b(c)", "call", ["pass"]),
        ("a.b = c", "assignment", ["pass"]),
        ("a += 1", "assignment", ["pass"]),
        ("for a in b: break", "loop", ["for a in b: continue"]),
        ("max(a)", "function", ["min(a)"]),
        ("a.startswith(b)", "function", ["a.endswith(b)"]),
        ("timedelta(hours=a)", "unit", ["timedelta(minutes=a)"]),
        ("a(b, c=d)", "option", ["a(b, )"]),
        (
            "try: a\nexcept (B, C): d",
            "handler",
            ["try: a\nexcept (B,): d", "try: a\nexcept (C,): d", "try: a\nexcept (B, C): raise"],
        ),
        ('a(f"""\nselect b < {c < d}""")', "comparison", ['a(f"""\nselect b <= {c < d}""")']),
    ],
)
def test_change_of_each_kind(text: str, kind: str, expected: list[str]) -> None:
    assert mutated(text, kind) == expected
    for changed in expected:
        ast.parse(changed)


@pytest.mark.parametrize(
    "text",
    [
        '"""Docstring."""',
        "a: int | None",
        "def a(b: int | None) -> 'C': return b",
        "raise A('cannot read the file')",
        "a['key']",
        "a = {'key': b}",
        "if TYPE_CHECKING: a = 1",
        "__all__ = ['a']",
    ],
)
def test_text_without_changes(text: str) -> None:
    assert list(python_changes.find(text)) == []
