"""Changes to SQL: a flipped comparison, a missing `distinct`, filter or tie-break, another join.

The changes replace tokens, so that comments and line breaks stay as they are. `comment on`, table
definitions, type sizes and string literals are not changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mutation.changes import Change
from sqlglot import Token, TokenType, tokenize
from sqlglot.errors import SqlglotError

#: Token -> its replacement and the kind of the change.
_WORDS = {
    "<": ("<=", "comparison"),
    "<=": ("<", "comparison"),
    ">": (">=", "comparison"),
    ">=": (">", "comparison"),
    "=": ("<>", "comparison"),
    "<>": ("=", "comparison"),
    "or": ("and", "logic"),
    "true": ("false", "constant"),
    "false": ("true", "constant"),
    "inner": ("left", "join"),
    "left": ("inner", "join"),
    "full": ("left", "join"),
    "semi": ("anti", "join"),
    "anti": ("semi", "join"),
    "desc": ("", "order"),
}
#: Function -> the function that replaces it.
_FUNCTIONS = {
    "min": "max",
    "max": "min",
    "arg_min": "arg_max",
    "arg_max": "arg_min",
    "least": "greatest",
    "greatest": "least",
    "lag": "lead",
    "lead": "lag",
    "rank": "dense_rank",
    "dense_rank": "rank",
    "floor": "ceil",
    "ceil": "floor",
    "bool_and": "bool_or",
    "bool_or": "bool_and",
    "sum": "max",
}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*"}
_FILTERS = {"where", "qualify", "having"}
#: Words that end a condition or an element of a list, at the same depth of brackets.
_ENDS = {
    *("and", "or", "when", "then", "else", ","),
    *("as", "from", "on", "using", "where", "group", "by", "having", "qualify", "window"),
    *("order", "group by", "order by", "partition by", "rows", "range", "limit", "union"),
    *("left", "inner", "full", "cross", "semi", "anti", "asof", "join"),
}
#: Words that end an element of `order by` or `partition by`.
_LIST_ENDS = {",", "order by", "rows", "range", "limit", "qualify", "union"}
_TYPES = {"decimal", "numeric", "varchar", "interval"}


def find(text: str) -> Iterator[Change]:
    """Yield the changes to a file or query."""
    try:
        tokens = tokenize(text, dialect="duckdb")
    except SqlglotError:
        return
    statement: list[Token] = []
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            yield from _Statement(text, statement).changes()
            statement = []
        else:
            statement.append(token)
    yield from _Statement(text, statement).changes()


class _Statement:
    """The tokens of one statement, and the depth of brackets and `case` at each token."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.words = [text[token.start : token.end + 1].lower() for token in tokens]
        self.words = [re.sub(r"\s+", " ", word) for word in self.words]
        self.depths: list[int] = []
        depth = 0
        for word in self.words:
            depth -= word in (")", "]", "}", "end")
            self.depths.append(depth)
            depth += word in ("(", "[", "{", "case")

    def changes(self) -> Iterator[Change]:
        start = " ".join(self.words[:3])
        if start.startswith(("comment", "alter", "create table")):
            return
        braces = 0  # in an f-string of Python, the text between braces is not SQL
        for index, word in enumerate(self.words):
            braces += (word == "{") - (word == "}")
            if not braces:
                yield from self._changes_at(index, word)

    def _changes_at(self, index: int, word: str) -> Iterator[Change]:
        following = self._word(index + 1)
        kind = self.tokens[index].token_type
        if kind is TokenType.STRING:
            if " " not in word.strip("' "):  # otherwise a text for people
                yield self._insert_at(self.tokens[index].end, "_", "constant")
        elif kind is TokenType.NUMBER:
            if word.isdecimal() and not self._is_size(index):
                yield self._replace(index, str(int(word) + 1), "constant")
        elif word in _WORDS and following not in ("(", "replace"):
            yield self._replace(index, *_WORDS[word])
        elif word in _FUNCTIONS and following == "(":
            yield self._replace(index, _FUNCTIONS[word], "function")
        elif word in _ARITHMETIC and self._is_operand(index - 1):
            yield self._replace(index, _ARITHMETIC[word], "arithmetic")
        elif word == "and" and not self._is_between(index):
            yield self._replace(index, "or", "logic")
        elif word == "not":
            yield self._remove(index, index + 1, "not")
        elif word == "is" and following != "not":
            yield self._insert_at(self.tokens[index].end + 1, " not", "not")
        elif word == "in" and self._word(index - 1) != "not" and following == "(":
            yield self._insert_at(self.tokens[index].start, "not ", "not")
        elif word == "distinct" and self._word(index - 1) not in ("is", "not"):
            yield self._remove(index, index + 1, "distinct")
        elif word == "union" and following == "all":
            yield self._remove(index + 1, index + 2, "distinct")
        elif word == "coalesce" and following == "(":
            yield from self._drop_coalesce(index)
        yield from self._missing_parts(index, word)

    def _missing_parts(self, index: int, word: str) -> Iterator[Change]:
        """Yield changes that omit a condition, a case or the last column of a list."""
        following = self._word(index + 1)
        end = self._end(index + 1)
        if word in ("and", "or") and not self._is_between(index) and following != "replace":
            yield self._remove(index, end, "condition")
            first = self._start(index - 1)
            if self._word(first - 1) not in ("and", "or"):
                yield self._remove(first, index + 1, "condition")
        elif word in _FILTERS and self._word(end) not in ("and", "or"):
            yield self._replace_tokens(index + 1, end, "true", "filter")
        elif word == "when":
            yield self._replace_tokens(index + 1, self._next(index, "then"), "false", "case")
        elif word in ("order by", "partition by"):
            comma, end = -1, self._end(index + 1, _LIST_ENDS)
            while self._word(end) == ",":
                comma, end = end, self._end(end + 1, _LIST_ENDS)
            if comma >= 0:
                kind = "tie-break" if word == "order by" else "partition"
                yield self._remove(comma, end, kind)

    def _drop_coalesce(self, index: int) -> Iterator[Change]:
        comma = self._end(index + 2)
        if self._word(comma) == ",":
            close = self._next(index + 1, ")")
            first = self.text[self.tokens[index + 2].start : self.tokens[comma - 1].end + 1]
            yield self._replace_tokens(index, close + 1, first, "coalesce")

    def _word(self, index: int) -> str:
        return self.words[index] if 0 <= index < len(self.words) else ""

    def _end(self, index: int, ends: set[str] = _ENDS) -> int:
        """Return the index of the token after the condition or element that begins at `index`."""
        depth = self.depths[index] if index < len(self.depths) else 0
        between = 0
        for position in range(index, len(self.words)):
            word = self.words[position]
            if self.depths[position] < depth:
                return position
            if self.depths[position] == depth and position > index:
                if word == "and" and between:
                    between -= 1
                elif word in ends and not (
                    word == "from" and self.words[position - 1] == "distinct"
                ):
                    return position
            between += word == "between" and self.depths[position] == depth
        return len(self.words)

    def _start(self, index: int) -> int:
        """Return the index of the first token of the condition that ends at `index`."""
        depth = self.depths[index]
        position = index
        while position >= 0 and self.depths[position] >= depth:
            word = self.words[position]
            if (
                self.depths[position] == depth
                and word in _ENDS | {"select"}
                and not (word == "and" and self._is_between(position))
                and not (word == "from" and self.words[position - 1] == "distinct")
            ):
                break
            position -= 1
        return position + 1

    def _next(self, index: int, word: str) -> int:
        """Return the index of the next occurrence of `word` at the same depth."""
        following = range(index + 1, len(self.words))
        depth = self.depths[index]
        return next(i for i in following if self.depths[i] == depth and self.words[i] == word)

    def _is_between(self, index: int) -> bool:
        """Return whether an `and` belongs to `between`."""
        depth = self.depths[index]
        for position in range(index - 1, -1, -1):
            if self.depths[position] < depth:
                return False
            if self.depths[position] == depth:
                if self.words[position] == "between":
                    return True
                if self.words[position] in _ENDS:
                    return False
        return False

    def _is_operand(self, index: int) -> bool:
        """Return whether the token ends an operand, so that a following `-` is a subtraction."""
        types = (TokenType.VAR, TokenType.NUMBER, TokenType.R_PAREN, TokenType.STRING)
        return index >= 0 and (
            self.tokens[index].token_type in types or self._word(index - 1) == "."
        )

    def _is_size(self, index: int) -> bool:
        """Return whether the number is the size of a type, as in `decimal(18, 6)`."""
        depth = self.depths[index]
        while index > 0 and self.depths[index] >= depth:
            index -= 1
        return self._word(index - 1) in _TYPES

    def _insert_at(self, offset: int, text: str, kind: str) -> Change:
        return Change(offset, offset, text, kind)

    def _replace(self, index: int, text: str, kind: str) -> Change:
        return Change(self.tokens[index].start, self.tokens[index].end + 1, text, kind)

    def _replace_tokens(self, first: int, end: int, text: str, kind: str) -> Change:
        return Change(self.tokens[first].start, self.tokens[end - 1].end + 1, text, kind)

    def _remove(self, first: int, end: int, kind: str) -> Change:
        return self._replace_tokens(first, end, "", kind)
