"""XML Schema regular expressions said in words: a person is never shown an expression."""

from __future__ import annotations

from functools import lru_cache

from regreport.engine.pattern import CharClass, Choice, Repeat, parse_pattern

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
