"""XML Schema regular expressions: read once, then translated for the column engine (in words: `pattern_words`).

The translation is explicit because the two dialects differ where it matters:
in XML Schema `.` excludes carriage return, `^` and `$` are plain characters and the whole value must match
(W3C XML Schema 1.0, part 2, appendix F). Classes are written out: they are what the column engine matches fastest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SINGLE = {"n": "\n", "r": "\r", "t": "\t"}
_PUNCTUATION = "\\|.?*+(){}-[]^$/#,:"


@dataclass(frozen=True)
class CharClass:
    """One character out of `ranges` (inclusive pairs), or out of all others where `negated`."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False


@dataclass(frozen=True)
class Repeat:
    """`what`, at least `min` and at most `max` times (None: no limit)."""

    what: CharClass | Choice
    min: int
    max: int | None


@dataclass(frozen=True)
class Choice:
    """Alternatives, each a sequence."""

    branches: tuple[tuple[Repeat, ...], ...]


@lru_cache(maxsize=512)
def parse_pattern(pattern: str) -> Choice:
    """Read an XML Schema regular expression. Raises ValueError for a construct that is not supported."""
    reader = _Reader(pattern)
    tree = reader.choice()
    if reader.at != len(pattern):
        raise ValueError(f"unexpected {pattern[reader.at]!r} at {reader.at + 1}")
    return tree


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        if self.at >= len(self.text):
            raise ValueError("ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def choice(self) -> Choice:
        branches = [self.sequence()]
        while self.peek() == "|":
            self.take()
            branches.append(self.sequence())
        return Choice(tuple(branches))

    def sequence(self) -> tuple[Repeat, ...]:
        parts = []
        while self.peek() not in ("", "|", ")"):
            atom = self.atom()
            parts.append(Repeat(atom, *self.quantifier()))
        return tuple(parts)

    def atom(self) -> CharClass | Choice:
        char = self.take()
        if char == "(":
            inner = self.choice()
            if self.take() != ")":
                raise ValueError("a bracket is not closed")
            return inner
        if char == "[":
            return self.char_class()
        if char == ".":
            return CharClass((("\n", "\n"), ("\r", "\r")), negated=True)
        if char == "\\":
            return self.escape()
        if char in "?*+{}]":
            raise ValueError(f"unexpected {char!r}")
        return CharClass(((char, char),))

    def escape(self) -> CharClass:
        char = self.take()
        if char == "s":
            return CharClass(tuple((c, c) for c in " \t\n\r"))
        if char in _SINGLE or char in _PUNCTUATION:
            char = _SINGLE.get(char, char)
            return CharClass(((char, char),))
        raise ValueError(f"the escape \\{char} is not supported")

    def char_class(self) -> CharClass:
        negated = self.peek() == "^"
        if negated:
            self.take()
        ranges: list[tuple[str, str]] = []
        while self.peek() != "]":
            first = self.class_char()
            if len(first) > 1:
                ranges.extend(first)
                continue
            low = high = first[0][0]
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", "["):
                self.take()
                high = self.class_char()[0][0]
            if high < low:
                raise ValueError(f"the range {low}-{high} is empty")
            ranges.append((low, high))
        self.take()
        return CharClass(tuple(ranges), negated)

    def class_char(self) -> tuple[tuple[str, str], ...]:
        char = self.take()
        if char == "[":
            raise ValueError("a class inside a class is not supported")
        return self.escape().ranges if char == "\\" else ((char, char),)

    def quantifier(self) -> tuple[int, int | None]:
        found = re.compile(r"[?*+]|\{([0-9]+)(,([0-9]*))?\}").match(self.text, self.at)
        if found is None:
            return 1, 1
        self.at = found.end()
        if found[0] in "?*+":
            return (1 if found[0] == "+" else 0), (1 if found[0] == "?" else None)
        low = int(found[1])
        if found[2] is None:
            return low, low
        return low, int(found[3]) if found[3] else None


@lru_cache(maxsize=512)
def engine_regex(pattern: str) -> str:
    """The same expression for `str.contains`, anchored to the whole value."""
    return f"^{_choice_regex(parse_pattern(pattern))}$"


def _choice_regex(choice: Choice) -> str:
    return "(?:" + "|".join("".join(map(_repeat_regex, branch)) for branch in choice.branches) + ")"


def _repeat_regex(part: Repeat) -> str:
    what = _choice_regex(part.what) if isinstance(part.what, Choice) else _class_regex(part.what)
    if (part.min, part.max) == (1, 1):
        return what
    times = f"{part.min}" if part.min == part.max else f"{part.min},{'' if part.max is None else part.max}"
    return f"{what}{{{times}}}"


def _class_regex(chars: CharClass) -> str:
    def one(char: str) -> str:
        return char if char.isascii() and char.isalnum() else f"\\x{{{ord(char):x}}}"

    inside = "".join(one(low) if low == high else f"{one(low)}-{one(high)}" for low, high in chars.ranges)
    if len(chars.ranges) == 1 and chars.ranges[0][0] == chars.ranges[0][1] and not chars.negated:
        return inside
    return f"[{'^' if chars.negated else ''}{inside}]"


def alternatives(pattern: str) -> list[str]:
    """The alternatives of an expression, brackets around the whole opened; [] for no pattern.

    Written as one pattern each they mean the same, and libxml2, which confuses overlapping ones, gets them right.
    """
    if not pattern:
        return []
    parts, depth, start, at = [], 0, 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at = pattern.index("]", at + 1)
            while pattern[at - 1] == "\\":
                at = pattern.index("]", at + 1)
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            parts.append(pattern[start:at])
            start = at + 1
        at += 1
    parts.append(pattern[start:])
    if len(parts) == 1 and pattern.startswith("(") and pattern.endswith(")") and _one_group(pattern):
        return alternatives(pattern[1:-1])
    return parts if len(parts) == 1 else [inner for part in parts for inner in alternatives(part)]


def _one_group(pattern: str) -> bool:
    """Whether the brackets at both ends belong together, with nothing else outside of them."""
    tree = parse_pattern(pattern)
    only = tree.branches[0]
    return len(tree.branches) == 1 and len(only) == 1 and isinstance(only[0].what, Choice) and only[0].max == 1
