"""A change to a text: other characters between two offsets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Change:
    """The replacement of `text[start:end]`; `kind` is a name for reports, such as `comparison`."""

    start: int
    end: int
    replacement: str
    kind: str

    def apply(self, text: str) -> str:
        return text[: self.start] + self.replacement + text[self.end :]

    def line(self, text: str) -> int:
        """Return the number of the line in which the change starts."""
        return text.count("\n", 0, self.start) + 1

    def shift(self, characters: int) -> Change:
        """Return the change with both offsets increased by `characters`."""
        return Change(self.start + characters, self.end + characters, self.replacement, self.kind)
