"""Letters with marks written as one of A to Z: the transliteration that personal identifiers use.

The table gives one letter for one letter: Ø and Ö are O, Æ is A, Œ is O, ß is S, Þ is T. It names the letters of the
European alphabets most used; other letters whose Unicode decomposition is a plain letter with marks (ā, ē, ņ, ġ) lose
the marks, which is inferred from the rule that diacritics are removed. A letter that is neither (Cyrillic, Greek,
Han ...) has no transliteration here, and a name that holds one gives null: it has to be written in Latin first, by
whoever knows how its bearer writes it.

Source: ESMA/2016/1452 guidelines on transaction reporting, 5.5 (table of transliteration, as other public programs
reproduce it; the text itself was not at hand).
"""

from __future__ import annotations

import polars as pl

TRANSLITERATION = {
    "A": "ÄäÀàÁáÂâÃãÅåǍǎĄąĂăÆæ",
    "C": "ÇçĆćĈĉČč",
    "D": "ĎđĐďð",
    "E": "ÈèÉéÊêËëĚěĘę",
    "G": "ĜĝĢģĞğ",
    "H": "Ĥĥ",
    "I": "ÌìÍíÎîÏïı",
    "J": "Ĵĵ",
    "K": "Ķķ",
    "L": "ĹĺĻļŁłĽľ",
    "N": "ÑñŃńŇň",
    "O": "ÖöÒòÓóÔôÕõŐőØøŒœ",
    "R": "ŔŕŘř",
    "S": "ẞßŚśŜŝŞşŠšȘș",
    "T": "ŤťŢţÞþȚț",
    "U": "ÜüÙùÚúÛûŰűŨũŲųŮů",
    "W": "Ŵŵ",
    "Y": "ÝýŸÿŶŷ",
    "Z": "ŹźŽžŻż",
}
# Ð in capitals is not in the table, which has its small form: the same letter, so the same D.
_INFERRED = {"D": "Ð"}
_PAIRS = [(mark, letter) for table in (TRANSLITERATION, _INFERRED) for letter, marks in table.items() for mark in marks]
_FROM = [mark for mark, _ in _PAIRS]
_TO = [letter for _, letter in _PAIRS]


def capitals_only(names: pl.Expr) -> pl.Expr:
    """Each name as capital letters A to Z: transliterated, and all that is not a letter left out.

    Null where the name is null, holds a letter without transliteration, or has no letter at all.
    """
    # The table goes first: Unicode would make SS of ß. Composed first, so that a letter and a loose mark are found too.
    plain = names.str.normalize("NFC").str.replace_many(_FROM, _TO)
    plain = plain.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_uppercase()
    letters = plain.str.replace_all(r"[^\p{L}]", "")
    return pl.when(letters.str.contains(r"^[A-Z]+$")).then(letters)
