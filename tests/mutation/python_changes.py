"""Changes to Python: a flipped comparison, a missing condition, call or option, another unit.

Each change edits the text of the file, so that the diff is as short as that of a human error.
Annotations, docstrings and messages are not changed. SQL in strings is changed like a file under
`sql/`.

No library fits. mutmut 3 changes only the bodies of functions, and its runner requires tests that
stay in one process. cosmic-ray changes the work tree, does not omit conditions, calls or options,
and a quarter of its changes are to `|` in annotations. Neither changes SQL.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from mutation import sql_changes
from mutation.changes import Change

#: Pattern of an operator -> its replacement and the kind of the change.
_OPERATORS: dict[type[ast.AST], tuple[str, str, str]] = {
    ast.Lt: ("<", "<=", "comparison"),
    ast.LtE: ("<=", "<", "comparison"),
    ast.Gt: (">", ">=", "comparison"),
    ast.GtE: (">=", ">", "comparison"),
    ast.Eq: ("==", "!=", "comparison"),
    ast.NotEq: ("!=", "==", "comparison"),
    ast.Is: ("is", "is not", "comparison"),
    ast.IsNot: (r"is\s+not", "is", "comparison"),
    ast.In: ("in", "not in", "comparison"),
    ast.NotIn: (r"not\s+in", "in", "comparison"),
    ast.And: ("and", "or", "logic"),
    ast.Or: ("or", "and", "logic"),
    ast.Add: (r"\+", "-", "arithmetic"),
    ast.Sub: ("-", "+", "arithmetic"),
    ast.Mult: (r"\*", "/", "arithmetic"),
    ast.Div: ("/", "*", "arithmetic"),
    ast.FloorDiv: ("//", "*", "arithmetic"),
    ast.BitAnd: ("&", "|", "arithmetic"),
    ast.BitOr: (r"\|", "&", "arithmetic"),
}
_NAMES = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "startswith": "endswith",
    "endswith": "startswith",
}
#: Keyword of `timedelta` -> another unit.
_UNITS = {
    "days": "hours",
    "hours": "minutes",
    "minutes": "seconds",
    "seconds": "milliseconds",
    "milliseconds": "seconds",
}
_SQL = re.compile(r'[rf]*("""|")\s*(select|with|insert|update|delete|where|inner join)\b')
_SKIPPED_FIELDS = {"annotation", "returns", "decorator_list"}


def find(text: str) -> Iterator[Change]:
    """Yield the changes to a module."""
    source = _Source(text)
    for node in source.nodes():
        yield from source.changes(node)


class _Source:
    """The text of a module and its syntax tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def nodes(self) -> Iterator[ast.AST]:
        """Yield the nodes, except docstrings, annotations and the contents of f-strings."""
        remaining: list[ast.AST] = [self.tree]
        while remaining:
            node = remaining.pop()
            yield node
            for field, value in ast.iter_fields(node):
                if field in _SKIPPED_FIELDS or isinstance(node, ast.JoinedStr):
                    continue
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(node, ast.Subscript | ast.Dict) and _is_text(child):
                        continue  # a changed key only makes the code fail
                    if isinstance(child, ast.AST) and not _is_skipped(child):
                        remaining.append(child)

    def changes(self, node: ast.AST) -> Iterator[Change]:
        match node:
            case ast.Compare():
                operands = [node.left, *node.comparators]
                for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
                    yield from self._operator(left, operator, right)
            case ast.BoolOp():
                for left, right in itertools.pairwise(node.values):
                    yield from self._operator(left, node.op, right)
                yield from self._missing_conditions(node.values)
            case ast.BinOp(op=ast.Div()) if not _has_number(node):
                pass  # a path
            case ast.BinOp() if not (_is_text(node.left) or _is_text(node.right)):
                yield from self._operator(node.left, node.op, node.right)
            case ast.UnaryOp(op=ast.Not()):
                start, end = self._span(node)
                yield Change(start, end, self.text[start + len("not ") : end], "not")
            case ast.Constant() | ast.JoinedStr():
                yield from self._constant(node)
            case ast.If() | ast.While() | ast.IfExp():
                yield from self._branch(node)
            case ast.comprehension():
                for test in node.ifs:
                    yield self._replace(test, "True", "filter")
            case ast.ExceptHandler():
                yield from self._handler(node)
            case ast.Call():
                yield from self._call(node)
            case ast.Expr(value=ast.Call()):
                yield self._replace(node, "pass", "call")
            case ast.AugAssign():
                yield self._replace(node, "pass", "assignment")
            case ast.Assign(targets=[ast.Attribute()]):
                yield self._replace(node, "pass", "assignment")
            case ast.Continue():
                yield self._replace(node, "break", "loop")
            case ast.Break():
                yield self._replace(node, "continue", "loop")

    def _operator(self, left: ast.expr, operator: ast.AST, right: ast.expr) -> Iterator[Change]:
        if type(operator) not in _OPERATORS:
            return
        pattern, replacement, kind = _OPERATORS[type(operator)]
        start, end = self._span(left)[1], self._span(right)[0]
        if match := re.search(pattern, self.text[start:end]):
            yield Change(start + match.start(), start + match.end(), replacement, kind)

    def _missing_conditions(self, values: list[ast.expr]) -> Iterator[Change]:
        spans = [self._with_brackets(value) for value in values]
        for (start, _), (following, _) in itertools.pairwise(spans):
            yield Change(start, following, "", "condition")
        yield Change(spans[-2][1], spans[-1][1], "", "condition")

    def _constant(self, node: ast.Constant | ast.JoinedStr) -> Iterator[Change]:
        start, end = self._span(node)
        text = self.text[start:end]
        value = node.value if isinstance(node, ast.Constant) else text
        if isinstance(value, bool):
            yield Change(start, end, str(not value), "constant")
        elif isinstance(value, int):
            yield Change(start, end, str(value + 1), "constant")
        elif isinstance(value, float):
            yield Change(start, end, str(value * 2), "constant")
        elif isinstance(value, str) and _SQL.match(text):
            for change in sql_changes.find(text.lstrip("rf").strip('"')):
                prefix = len(text) - len(text.lstrip("rf").lstrip('"'))
                yield change.shift(start + prefix)
        elif isinstance(node, ast.Constant) and isinstance(value, str) and " " not in value:
            quote = 3 if text.endswith('"""') else 1
            yield Change(end - quote, end - quote, "_", "constant")

    def _branch(self, node: ast.If | ast.While | ast.IfExp) -> Iterator[Change]:
        if isinstance(node, ast.IfExp):
            yield self._replace(node, self._text(node.body), "case")
            yield self._replace(node, self._text(node.orelse), "case")
        elif isinstance(node, ast.If) and not node.orelse:
            yield self._replace(node.test, "False", "case")
        if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield self._replace(node.test, f"not ({self._text(node.test)})", "not")

    def _handler(self, node: ast.ExceptHandler) -> Iterator[Change]:
        start, end = self._span(node.body[0])[0], self._span(node.body[-1])[1]
        yield Change(start, end, "raise", "handler")
        if isinstance(node.type, ast.Tuple):
            for element in node.type.elts:
                others = [self._text(other) for other in node.type.elts if other is not element]
                yield self._replace(node.type, f"({', '.join(others)},)", "handler")

    def _call(self, node: ast.Call) -> Iterator[Change]:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in _NAMES:
            end = self._span(node.func)[1]
            yield Change(end - len(name), end, _NAMES[name], "function")
        for keyword in node.keywords:
            start, end = self._span(keyword)
            if keyword.arg in _UNITS and name == "timedelta":
                yield Change(start, start + len(keyword.arg), _UNITS[keyword.arg], "unit")
            elif keyword.arg and (match := re.compile(r"\s*,?").match(self.text, end)):
                yield Change(start, match.end(), "", "option")

    def _with_brackets(self, node: ast.expr) -> tuple[int, int]:
        start, end = self._span(node)
        while (before := re.search(r"\(\s*$", self.text[:start])) and (
            after := re.compile(r"\s*\)").match(self.text, end)
        ):
            start, end = before.start(), after.end()
        return start, end

    def _replace(self, node: ast.AST, text: str, kind: str) -> Change:
        return Change(*self._span(node), text, kind)

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self.text[start:end]

    def _span(self, node: ast.AST) -> tuple[int, int]:
        """Return the offsets of the node in characters; the syntax tree counts UTF-8 bytes."""
        return (
            self._offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self._offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def _offset(self, line: int, column: int) -> int:
        before = self.lines[line - 1].encode()[:column].decode() if column else ""
        return self.starts[line - 1] + len(before)


def _is_skipped(node: ast.AST) -> bool:
    """Return whether the node is a docstring, an assignment to `__…`, or `if TYPE_CHECKING`."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name.startswith("__")
        case ast.If(test=ast.Name(id=name)):
            return name == "TYPE_CHECKING"
    return False


def _has_number(node: ast.AST) -> bool:
    return any(
        isinstance(child, ast.Constant) and isinstance(child.value, int | float)
        for child in ast.walk(node)
    )


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr | ast.List | ast.Tuple) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
