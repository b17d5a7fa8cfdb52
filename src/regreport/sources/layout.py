"""How a delimited text file is laid out: delimiter, quote and encoding, as the mapping declares them.

Nothing is sniffed and then used: where a file looks different from what is declared, the message says so and says what
to declare.
"""

from __future__ import annotations

from dataclasses import dataclass

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
QUOTES = ('"', "'", "")
ENCODINGS = ("utf-8", "latin-1", "windows-1252")


@dataclass(frozen=True)
class Layout:
    """`quote` "" means that quotes are ordinary characters. `declared`: the mapping names the delimiter itself.
    `numbered`: a column may be named by a number (of a field)."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    declared: bool = False
    numbered: bool = False


def likely_delimiter(line: str, present: str) -> str | None:
    """The delimiter that parts `line` into more fields than `present` does; None where `present` does best."""
    counts = {delimiter: line.count(delimiter) for delimiter in DELIMITERS}
    best = max(counts, key=lambda delimiter: (counts[delimiter], delimiter == present))
    return best if counts[best] > counts.get(present, 0) else None


def toml_character(character: str) -> str:
    """The character as it is written between quotes in TOML."""
    return {"\t": "\\t", '"': '\\"', "\\": "\\\\"}.get(character, character)
