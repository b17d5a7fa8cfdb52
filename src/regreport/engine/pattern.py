"""XML Schema regular expressions: read once, then said in words and translated for the column engine.

A person is never shown an expression. The translation is explicit because the two dialects differ where it matters:
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


_CLASS_WORDS = {
    frozenset({("A", "Z")}): "capital letter",
    frozenset({("a", "z")}): "small letter",
    frozenset({("0", "9")}): "digit",
    frozenset({("A", "Z"), ("0", "9")}): "capital letter or digit",
    frozenset({("A", "Z"), ("a", "z")}): "letter",
    frozenset({("A", "Z"), ("a", "z"), ("0", "9")}): "letter or digit",
}


@lru_cache(maxsize=512)
def pattern_words(pattern: str) -> str:
    """What a value must be, in words: "20 characters: 18 capital letters or digits, then 2 digits"."""
    branches = _flatten(parse_pattern(pattern))
    words = [_sequence_words(branch) for branch in branches]
    if len(words) == 1 and len(branches[0]) > 1:
        low, high = _size(branches[0])
        size = "" if high is None else f"{low} characters: " if low == high else f"{low} to {high} characters: "
        return size + words[0]
    return ", or ".join(words)


def _flatten(choice: Choice) -> list[tuple[Repeat, ...]]:
    """Alternatives that are only wrapped in brackets are opened; `([A-Z]|[0-9])` becomes one class of both."""
    opened: list[tuple[Repeat, ...]] = []
    for branch in choice.branches:
        parts = tuple(Repeat(_merged(p.what), p.min, p.max) for p in branch)
        if len(parts) == 1 and isinstance(parts[0].what, Choice) and (parts[0].min, parts[0].max) == (1, 1):
            opened += _flatten(parts[0].what)
        else:
            opened.append(parts)
    return opened


def _merged(what: CharClass | Choice) -> CharClass | Choice:
    if isinstance(what, CharClass):
        return what
    ranges: list[tuple[str, str]] = []
    for branch in what.branches:
        only = branch[0].what if len(branch) == 1 and (branch[0].min, branch[0].max) == (1, 1) else None
        if not isinstance(only, CharClass) or only.negated:
            return what
        ranges.extend(only.ranges)
    return CharClass(tuple(ranges))


def _size(branch: tuple[Repeat, ...]) -> tuple[int, int | None]:
    low, high = 0, 0
    for part in branch:
        least: int
        most: int | None
        if isinstance(part.what, Choice):
            sizes = [_size(inner) for inner in part.what.branches]
            tops = [top for _, top in sizes]
            least = min(bottom for bottom, _ in sizes)
            most = None if None in tops else max(top for top in tops if top is not None)
        else:
            least, most = 1, 1
        if part.max is None or most is None:
            return low, None
        low, high = low + least * part.min, high + most * part.max
    return low, high


def _sequence_words(branch: tuple[Repeat, ...]) -> str:
    words: list[str] = []
    literal = ""
    for part in branch:
        char = _literal(part)
        if char:
            literal += char
            continue
        if literal:
            words.append(f'"{literal}"')
            literal = ""
        words.append(_repeat_words(part))
    if literal:
        words.append(f'"{literal}"')
    return ", then ".join(words) if words else "nothing"


def _literal(part: Repeat) -> str:
    what = part.what
    if isinstance(what, Choice) or what.negated or (part.min, part.max) != (1, 1) or len(what.ranges) != 1:
        return ""
    low, high = what.ranges[0]
    return low if low == high else ""


def _repeat_words(part: Repeat) -> str:
    if isinstance(part.what, Choice):
        inner = " or ".join(_sequence_words(branch) for branch in _flatten(part.what))
        if (part.min, part.max) == (0, 1):
            return f"optionally {inner}"
        return inner if (part.min, part.max) == (1, 1) else f"{_count(part)} times ({inner})"
    name = _class_words(part.what)
    if part.max == 1:
        article = "an" if name[0] in "aeiou" else "a"
        return f"{'optionally ' if part.min == 0 else ''}{article} {name}"
    plural = " or ".join(f"{word}s" if word[-1].isalpha() else word for word in name.split(" or "))
    return f"{_count(part)} {plural}"


def _count(part: Repeat) -> str:
    if part.max is None:
        return "any number of" if part.min == 0 else f"{part.min} or more"
    return str(part.min) if part.min == part.max else f"{part.min} to {part.max}"


def _class_words(chars: CharClass) -> str:
    if chars.negated:
        return "character"
    spans = frozenset(r for r in chars.ranges if r in (("A", "Z"), ("a", "z"), ("0", "9")))
    rest = [low if low == high else f"{low}-{high}" for low, high in chars.ranges if (low, high) not in spans]
    named = _CLASS_WORDS.get(spans, "")
    listed = " or ".join(f'"{char}"' for char in rest)
    return " or ".join(filter(None, [named, listed]))
