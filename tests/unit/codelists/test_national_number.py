"""National numbers: each country's form and check digits, against python-stdnum where it knows the number."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from types import ModuleType

import polars as pl
import pytest
from stdnum.be import nn as be
from stdnum.bg import egn as bg
from stdnum.cz import rc as cz
from stdnum.ee import ik as ee
from stdnum.es import dni, nie
from stdnum.fi import hetu as fi
from stdnum.hr import oib as hr
from stdnum.is_ import kennitala as is_
from stdnum.it import codicefiscale as it
from stdnum.lt import asmens as lt
from stdnum.lv import pvn as lv
from stdnum.no import fodselsnummer as no
from stdnum.pl import nip, pesel
from stdnum.pt import nif as pt
from stdnum.ro import cnp as ro
from stdnum.se import personnummer as se
from stdnum.si import emso as si
from stdnum.sk import rc as sk

from regreport.codelists import national_number
from regreport.codelists.column import code_list

Maker = Callable[[random.Random], str]


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(string.digits, k=count))


def day(rng: random.Random, form: str) -> str:
    """A day between 1950 and 1999 in the given order of YYYY, YY, MM and DD."""
    parts = {"YYYY": f"{rng.randint(1950, 1999)}", "MM": f"{rng.randint(1, 12):02d}", "DD": f"{rng.randint(1, 28):02d}"}
    for name, value in parts.items():
        form = form.replace(name, value)
    return form.replace("YY", parts["YYYY"][2:])


FINNISH_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def italian(rng: random.Random) -> str:
    letters = "".join(rng.choices("BCDFGLMNPRST", k=6))
    month = rng.choice("ABCDEHLMPRST")
    return f"{letters}{digits(rng, 2)}{month}{rng.randint(1, 28):02d}H501{rng.choice(string.ascii_uppercase)}"


# country: (oracle, a random number in the right form with random check digits)
COUNTRIES: dict[str, tuple[ModuleType, Maker]] = {
    "BE": (be, lambda rng: day(rng, "YYMMDD") + digits(rng, 5)),
    "BG": (bg, lambda rng: day(rng, "YYMMDD") + digits(rng, 4)),
    "CZ": (cz, lambda rng: day(rng, "YYMMDD") + digits(rng, 4)),
    "EE": (ee, lambda rng: "3" + day(rng, "YYMMDD") + digits(rng, 4)),
    "FI": (fi, lambda rng: day(rng, "DDMMYY") + f"-{rng.randint(2, 899):03d}" + rng.choice(FINNISH_LETTERS)),
    "HR": (hr, lambda rng: digits(rng, 11)),
    "IS": (is_, lambda rng: day(rng, "DDMMYY") + digits(rng, 3) + "9"),
    "IT": (it, italian),
    "LT": (lt, lambda rng: "4" + day(rng, "YYMMDD") + digits(rng, 4)),
    "LV": (lv, lambda rng: day(rng, "DDMMYY") + "1" + digits(rng, 4)),
    "NO": (no, lambda rng: day(rng, "DDMMYY") + f"{rng.randint(0, 499):03d}" + digits(rng, 2)),
    "PT": (pt, lambda rng: rng.choice("123") + digits(rng, 8)),
    "RO": (ro, lambda rng: "1" + day(rng, "YYMMDD") + "40" + digits(rng, 4)),
    "SE": (se, lambda rng: day(rng, "YYYYMMDD") + digits(rng, 4)),
    "SI": (si, lambda rng: day(rng, "DDMM") + f"{rng.randint(950, 999)}" + "50" + digits(rng, 4)),
    "SK": (sk, lambda rng: day(rng, "YYMMDD") + digits(rng, 4)),
}  # fmt: skip


def belgian_of_the_future(country: str, number: str) -> bool:
    """Right for a birth after 2050: the oracle asks the clock whether that can be, which no check of ours may."""
    return country == "BE" and 97 - int("2" + number[:9]) % 97 == int(number[9:])


@pytest.mark.parametrize("country", COUNTRIES)
def test_agrees_with_stdnum(ask, country):
    """Random check digits are mostly wrong, so enough numbers are drawn for the right ones to be many."""
    oracle, maker = COUNTRIES[country]
    rng = random.Random(country)
    numbers = [
        number for number in sorted({maker(rng) for _ in range(6_000)}) if not belgian_of_the_future(country, number)
    ]
    expected = [bool(oracle.is_valid(number)) for number in numbers]
    verdicts = ask(national_number.is_valid, [country + number for number in numbers])
    assert 40 < sum(expected) < 5_500
    wrong = [(n, e) for n, e, v in zip(numbers, expected, verdicts, strict=True) if v is not e]
    assert wrong == []


def test_agrees_with_stdnum_on_spanish_persons(ask):
    rng = random.Random("ES")
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    numbers = [rng.choice("XYZ") + digits(rng, 7) + rng.choice(letters) for _ in range(2_000)]
    numbers += [digits(rng, 8) + rng.choice(letters) for _ in range(2_000)]
    expected = [bool(dni.is_valid(number) or nie.is_valid(number)) for number in numbers]
    assert ask(national_number.is_valid, ["ES" + number for number in numbers]) == expected
    assert sum(expected) > 80
    assert ask(national_number.is_valid, ["ESK0867756N", "ESK0867756M"]) == [True, False]


def test_agrees_with_stdnum_on_polish_persons_and_tax_numbers(ask):
    rng = random.Random("PL")
    personal = [day(rng, "YYMMDD") + digits(rng, 5) for _ in range(3_000)]
    tax = [digits(rng, 10) for _ in range(3_000)]
    expected = [bool(pesel.is_valid(number)) for number in personal] + [bool(nip.is_valid(number)) for number in tax]
    assert ask(national_number.is_valid, ["PL" + number for number in personal + tax]) == expected
    assert sum(expected) > 300


KNOWN_GOOD = {
    "BE": "85073003328", "BG": "7523169263", "CZ": "7103192745", "DK": "2110625629", "EE": "36805280109",
    "ES": "54362315K", "FI": "131052-308T", "GB": "AB123456C", "GR": "0012345678", "HR": "33392005961",
    "IS": "1201743399", "IT": "RCCMNL83S18D969H", "LI": "ID0123456", "LT": "33309240064",
    "LV": "161175-19997", "MT": "0123456M", "NL": "SPECI2014", "NO": "15108695088", "PL": "44051401359",
    "PT": "501964843", "RO": "1630615123457", "SE": "196408233234", "SI": "0101006500006", "SK": "7103192745",
}  # fmt: skip


@pytest.mark.parametrize("country", sorted(KNOWN_GOOD))
def test_a_number_in_the_country_s_form_is_valid_and_spoilt_ones_are_not(ask, spoilt, country):
    good = country + KNOWN_GOOD[country]
    assert ask(national_number.is_valid, [good]) == [True]
    ways = spoilt(good)
    del ways["one character short"]  # a number of ten digits may be one of nine
    if country == "LI":
        del ways["twice"]  # the form is hardly known: any capitals and digits
    verdicts = dict(zip(ways, ask(national_number.is_valid, ways.values()), strict=True))
    assert not any(verdicts.values()), verdicts


def test_the_list_covers_every_national_number_of_the_annex():
    annex = code_list("national_id")
    national = annex.filter(pl.any_horizontal(pl.col("first", "second", "third") == "NIDN"))["country"]
    assert set(code_list("national_number")["country"]) == set(national)
    assert set(KNOWN_GOOD) == set(national)


@pytest.mark.parametrize(
    ("why", "value"),
    [
        ("month 13", "SE196413233234"),
        ("ten digits of a Swede", "SE6408233234"),
        ("a hyphen", "SE19640823-3234"),
        ("day 32 of a Dane", "DK3210625629"),
        ("British prefix with D", "GBDA123456C"),
        ("British suffix", "GBAB123456E"),
        ("Italian month", "ITRCCMNL83F18D969H"),
        ("no number", "SE"),
        ("no country", "196408233234"),
    ],
)
def test_wrong_forms(ask, why, value):
    assert ask(national_number.well_formed, [value]) == [False]


def test_british_prefixes_that_are_never_given(ask):
    letters = "ABCEGHJKLMNOPRSTWXYZ"
    never = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
    prefixes = [first + second for first in letters for second in letters if second != "O"]
    expected = [prefix not in never for prefix in prefixes]
    assert ask(national_number.well_formed, [f"GB{prefix}123456A" for prefix in prefixes]) == expected
    assert ask(national_number.well_formed, ["GBDA123456A", "GBAO123456A", "GBQQ123456A"]) == [False] * 3


def test_what_has_no_check_digits_is_not_judged(ask):
    values = ["DK2110625629", "GBAB123456C", "FR123", "LV32123456789", "CZ530101123", None]
    assert ask(national_number.check_digits, values) == [None] * 6
    assert ask(national_number.is_valid, values) == [True, True, False, True, True, None]


def test_repeated_values_keep_their_places(ask):
    values = ["SE196408233234", "FI131052-308T", "SE196408233235", None, "SE196408233234", "DK2110625629"]
    assert ask(national_number.check_digits, values) == [True, True, False, None, True, None]
