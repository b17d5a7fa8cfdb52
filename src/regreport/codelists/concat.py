"""CONCAT: the identifier of a natural person made of nationality, birth date and names, where there is no better one.

Country code, birth date (YYYYMMDD), the first five letters of the first name and the first five of the surname, filled
up with # where a name is shorter. Before the letters are taken, titles are dropped from the names and prefixes (van
der, de la, O ...) from the surname where a blank sets them off, the names are written in capitals A to Z (see `latin`),
and apostrophes, hyphens, blanks and other punctuation vanish. Of several first names only the first counts.

Read from the examples and lists of the guidelines as other public programs reproduce them (the text itself was not at
hand): the lists, and that one prefix goes, the longest that fits. Inferred: a title may end in a full stop and several
may stand in a row; "de l'" needs no blank after it; prefixes are dropped from surnames only. A name of which no letter
is left gives null, never five #.

Source: RTS 22 (EU) 2017/590 Article 6(4); ESMA/2016/1452 guidelines on transaction reporting, 5.5.

>>> import polars as pl
>>> from datetime import date
>>> people = pl.DataFrame({"first": ["Ludwig"], "surname": ["Van der Rohe"], "born": [date(1981, 2, 14)], "of": ["HU"]})
>>> people.select(concat=build("first", "surname", "born", "of"))["concat"].to_list()
['HU19810214LUDWIROHE#']
>>> pl.DataFrame({"id": ["HU19810214LUDWIROHE#", "HU19810231LUDWIROHE#"]}).select(is_valid("id"))["id"].to_list()
[True, False]
"""

from __future__ import annotations

import polars as pl

from regreport.codelists import country
from regreport.codelists.column import Column, as_expr, judged
from regreport.codelists.latin import capitals_only

FILLER = "#"
LETTERS_MAX = 5
TITLES = (
    *("atty", "coach", "dame", "dr", "fr", "gov", "honorable", "madam", "madame", "maid", "master", "miss", "monsieur"),
    *("mr", "mrs", "ms", "mx", "ofc", "ph.d", "pres", "prof", "rev", "sir"),
)
PREFIXES = (
    *("am", "auf", "auf dem", "aus der", "d", "da", "de", "de l'", "del", "de la", "de le", "di", "do", "dos", "du"),
    *("im", "la", "le", "mac", "mc", "mhac", "mhíc", "mhic giolla", "mic", "ni", "ní", "níc", "o", "ó", "ua", "ui"),
    *("uí", "van", "van de", "van den", "van der", "vom", "von", "von dem", "von den", "von der"),
)
APOSTROPHES = "'\u2019\u02bc\u00b4`"
_NAME = r"(?:[A-Z]{5}|[A-Z]{4}#|[A-Z]{3}##|[A-Z]{2}###|[A-Z]####)"
PATTERN = rf"^[A-Z]{{2}}[0-9]{{8}}{_NAME}{_NAME}$"
_BORN = slice(2, 10)


def _alternatives(words: tuple[str, ...]) -> str:
    """The words as alternatives of a pattern, the longest first; blanks and apostrophes in any of their forms."""
    longest_first = sorted(words, key=len, reverse=True)
    written = [word.replace(".", r"\.").replace(" ", r"\s+").replace("'", f"[{APOSTROPHES}]") for word in longest_first]
    return "|".join(written)


_TITLE = rf"(?i)^\s*(?:(?:{_alternatives(TITLES)})(?:\.\s*|\s+))+"
_PREFIX_ENDING_IN_BLANK = _alternatives(tuple(word for word in PREFIXES if not word.endswith("'")))
_PREFIX_ENDING_IN_MARK = _alternatives(tuple(word for word in PREFIXES if word.endswith("'")))
_PREFIX = rf"(?i)^\s*(?:(?:{_PREFIX_ENDING_IN_MARK})\s*|(?:{_PREFIX_ENDING_IN_BLANK})\s+)"
_AFTER_FIRST_NAME = r"[\s,;].*$"


def first_name_part(names: Column) -> pl.Expr:
    """The five characters that stand for the first name(s) of a text column; null where no letter is left."""
    untitled = as_expr(names).str.normalize("NFC").str.replace(_TITLE, "").str.strip_chars()
    return _five(untitled.str.replace(_AFTER_FIRST_NAME, ""))


def surname_part(names: Column) -> pl.Expr:
    """The five characters that stand for the surname(s) of a text column; null where no letter is left."""
    return _five(as_expr(names).str.normalize("NFC").str.replace(_TITLE, "").str.replace(_PREFIX, ""))


def build(first_names: Column, surname: Column, birth_date: Column, nationality: Column) -> pl.Expr:
    """CONCAT of each person, country code included (20 characters), from two text columns, a date and a country code.

    Null where any of the four is null or a name cannot be written in A to Z: such a person is held, not guessed.
    """
    born = as_expr(birth_date).dt.to_string("%Y%m%d")
    return pl.concat_str(as_expr(nationality), born, first_name_part(first_names), surname_part(surname))


def well_formed(values: Column) -> pl.Expr:
    """Whether a text column has CONCAT's shape: 2 letters, 8 digits, twice 1 to 5 letters filled up to 5 with #."""
    return as_expr(values).str.contains(PATTERN)


def birth_date(values: Column) -> pl.Expr:
    """The birth date inside each CONCAT (a date), null where its digits are no day of the calendar."""
    digits = as_expr(values).str.slice(_BORN.start, _BORN.stop - _BORN.start)
    return digits.str.to_date("%Y%m%d", strict=False)


def is_valid(values: Column) -> pl.Expr:
    """Whether a text column holds well-formed CONCATs of an existing country and a day of the calendar."""
    code = as_expr(values)
    real = country.is_valid(code.str.head(2)) & birth_date(code).is_not_null()
    return judged(well_formed(code), real)


def born_on(values: Column, day: Column) -> pl.Expr:
    """Whether the birth date inside each CONCAT is that of the date column `day`; null where either is missing."""
    code = as_expr(values)
    digits = code.str.slice(_BORN.start, _BORN.stop - _BORN.start)
    return digits == as_expr(day).dt.to_string("%Y%m%d")


def _five(name: pl.Expr) -> pl.Expr:
    return capitals_only(name).str.head(LETTERS_MAX).str.pad_end(LETTERS_MAX, FILLER)
