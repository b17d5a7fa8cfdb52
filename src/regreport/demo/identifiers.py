"""Made-up identifiers with true check digits: LEI, ISIN, and national identifiers of natural persons.

The demo must pass every check that a real day would pass; so its identifiers are built to the published rules, from
prefixes that nobody was issued (DEMO). Sources: ISO 17442 and ISO 7064 MOD 97-10 (LEI), ISO 6166 (ISIN), RTS 22
(EU) 2017/590 Art. 6 and Annex II (which identifier a national has).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def lei(stem: str) -> str:
    """`DEMO00` and twelve characters with the two check digits that ISO 17442 asks for."""
    body = f"DEMO00{stem:0<12}"[:18]
    number = int("".join(str(_LETTERS.index(c)) for c in body + "00"))
    return f"{body}{98 - number % 97:02d}"


def isin(country: str, number: int) -> str:
    """A made-up ISIN of a country: `<country>000DEMO<nn>` with its check digit."""
    body = f"{country}000DEMO{number:02d}"
    digits = "".join(str(_LETTERS.index(c)) for c in body)
    return body + str(-sum(_luhn(int(d), i % 2 == 0) for i, d in enumerate(reversed(digits))) % 10)


def _luhn(digit: int, doubled: bool) -> int:
    twice = digit * 2 if doubled else digit
    return twice - 9 if twice > 9 else twice


@dataclass(frozen=True)
class Person:
    """A made-up natural person: names as the firm writes them, and the identifier that Annex II asks for."""

    first_names: str
    surnames: str
    birth_date: date
    nationality: str
    id: str
    id_type: str


def person(nationality: str, first_names: str, surnames: str, birth_date: date, serial: int) -> Person:
    """A person with the identifier of the highest priority for the nationality; KeyError where none is known here."""
    kind, make = _SCHEMES[nationality]
    own = make(first_names, surnames, birth_date, serial)
    return Person(first_names, surnames, birth_date, nationality, nationality + own, kind)


def concat(first_names: str, surnames: str, birth_date: date) -> str:
    """YYYYMMDD, five letters of the first name, five of the surname without its prefix, padded with `#`.

    Source: RTS 22 Art. 6(4). Only what the names of the demo need; `codelists.concat` has the whole rule.
    """
    words = surnames.split(",")[0].split(" ")
    surname = " ".join(words[1:]) if words[0].lower() in _PREFIXES else " ".join(words)
    return f"{birth_date:%Y%m%d}{_five(first_names.split(',')[0])}{_five(surname)}"


_PREFIXES: Final = frozenset({"von", "mac"})


def _five(name: str) -> str:
    single = name.replace("ß", "s").upper().replace("Ø", "O").replace("Ł", "L")
    plain = unicodedata.normalize("NFKD", single)
    return f"{''.join(c for c in plain if 'A' <= c <= 'Z')[:5]:#<5}"


def _concat(first: str, last: str, born: date, serial: int) -> str:
    return concat(first, last, born)


def _passport(first: str, last: str, born: date, serial: int) -> str:
    return f"X{_LETTERS[10 + serial % 26]}{born:%y%j}{serial % 100:02d}"


def _sweden(first: str, last: str, born: date, serial: int) -> str:
    nine = f"{born:%y%m%d}{980 + serial % 20:03d}"
    check = -sum(_luhn(int(d), i % 2 == 0) for i, d in enumerate(nine)) % 10
    return f"{born:%Y%m%d}{nine[6:]}{check}"


def _finland(first: str, last: str, born: date, serial: int) -> str:
    nine = f"{born:%d%m%y}{800 + serial % 100:03d}"
    sign = "-" if born.year < 2000 else "A"
    return f"{nine[:6]}{sign}{nine[6:]}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(nine) % 31]}"


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=True))


def _denmark(first: str, last: str, born: date, serial: int) -> str:
    for number in range(serial % 3999, 4000):
        nine = f"{born:%d%m%y}{number // 10:03d}"
        check = -_weighted(nine, (4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
        if check < 10:
            return f"{nine}{check}"
    raise ValueError(f"no Danish identifier left for {born}")


def _norway(first: str, last: str, born: date, serial: int) -> str:
    for number in range(serial % 400, 500):
        nine = f"{born:%d%m%y}{number:03d}"
        one = -_weighted(nine, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
        two = -(_weighted(nine, (5, 4, 3, 2, 7, 6, 5, 4, 3)) + 2 * one) % 11
        if one < 10 and two < 10:
            return f"{nine}{one}{two}"
    raise ValueError(f"no Norwegian identifier left for {born}")


def _belgium(first: str, last: str, born: date, serial: int) -> str:
    nine = f"{born:%y%m%d}{1 + serial % 997:03d}"
    return f"{nine}{97 - int(nine) % 97:02d}"


def _spain(first: str, last: str, born: date, serial: int) -> str:
    number = 10_000_000 + (int(f"{born:%Y%m%d}") * 7 + serial) % 80_000_000
    return f"{number:08d}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def _poland(first: str, last: str, born: date, serial: int) -> str:
    ten = f"{born:%y}{born.month + (20 if born.year >= 2000 else 0):02d}{born:%d}{serial % 10000:04d}"
    return f"{ten}{-_weighted(ten, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10}"


def _portugal(first: str, last: str, born: date, serial: int) -> str:
    eight = f"2{int(f'{born:%y%m%d}') + serial:07d}"
    check = -_weighted(eight, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return f"{eight}{0 if check == 10 else check}"


def _baltic(first: str, last: str, born: date, serial: int) -> str:
    """Estonia and Lithuania share one form: century and sex, birth date, serial, check digit in two passes."""
    ten = f"{3 if born.year < 2000 else 5}{born:%y%m%d}{serial % 1000:03d}"
    check = _weighted(ten, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if check == 10:
        check = _weighted(ten, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return f"{ten}{check}"


def _italy(first: str, last: str, born: date, serial: int) -> str:
    """Codice fiscale of a man born in Rome (H501)."""
    fifteen = f"{_three(last, False)}{_three(first, True)}{born:%y}{'ABCDEHLMPRST'[born.month - 1]}{born:%d}H501"
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    values = [int(c) if c.isdigit() else ord(c) - ord("A") for c in fifteen]
    return fifteen + chr(ord("A") + sum(odd[v] if i % 2 == 0 else v for i, v in enumerate(values)) % 26)


def _three(name: str, first: bool) -> str:
    letters = [c for c in name.upper() if "A" <= c <= "Z"]
    consonants = [c for c in letters if c not in "AEIOU"]
    if first and len(consonants) > 3:
        del consonants[1]
    return "".join(consonants + [c for c in letters if c in "AEIOU"] + ["X"] * 3)[:3]


_SCHEMES: Final[dict[str, tuple[str, Callable[[str, str, date, int], str]]]] = {
    "AT": ("CONCAT", _concat),
    "BE": ("NIDN", _belgium),
    "CH": ("CCPT", _passport),
    "DE": ("CONCAT", _concat),
    "DK": ("NIDN", _denmark),
    "EE": ("NIDN", _baltic),
    "ES": ("NIDN", _spain),
    "FI": ("NIDN", _finland),
    "FR": ("CONCAT", _concat),
    "IE": ("CONCAT", _concat),
    "IT": ("NIDN", _italy),
    "JP": ("CCPT", _passport),
    "LT": ("NIDN", _baltic),
    "LU": ("CONCAT", _concat),
    "NL": ("CCPT", _passport),
    "NO": ("NIDN", _norway),
    "PL": ("NIDN", _poland),
    "PT": ("NIDN", _portugal),
    "SE": ("NIDN", _sweden),
    "US": ("CCPT", _passport),
}
