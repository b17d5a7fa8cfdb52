"""The arithmetic of national numbers' check digits: for each country one function from numbers to right or wrong.

Each takes the column of numbers without the country code, all of the country's form (see `national_number`), and gives
a Boolean column. Most are sums of the digits times fixed weights; what is done with the sum is the country's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

FINNISH_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
SPANISH_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
# Values of the characters 0-9 (as A-J) and K-Z in the odd places of an Italian code.
ITALIAN_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_ZERO = ord("0")


def belgian(number: pl.Expr) -> pl.Expr:
    """97 less the remainder by 97 of the first nine digits, with a 2 before them for births since 2000."""
    body = number.str.head(9).cast(pl.Int64)
    check = number.str.tail(2).cast(pl.Int64)
    return (97 - body % 97 == check) | (97 - (body + 2_000_000_000) % 97 == check)


def bulgarian(number: pl.Expr) -> pl.Expr:
    digits = _digits(number, 10)
    return _weighted(digits, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 == _last(digits)


def czech_or_slovak(number: pl.Expr) -> pl.Expr:
    """Ten digits divide by 11, or (until 1985) the first nine leave 10 and the last is 0; nine digits: not judged."""
    whole = number.cast(pl.Int64)
    exception = (whole // 10 % 11 == 10) & (whole % 10 == 0)
    return pl.when(number.str.len_bytes() == 10).then((whole % 11 == 0) | exception)


def croatian(number: pl.Expr) -> pl.Expr:
    """ISO 7064 hybrid system MOD 11,10."""
    digits = _digits(number, 11).cast(pl.Array(pl.Int64, 11))
    product = digits.arr.get(0) * 0 + 10
    for place in range(10):
        total = (digits.arr.get(place) + product - 1) % 10 + 1
        product = total * 2 % 11
    return (product + _last(digits)) % 10 == 1


def estonian_or_lithuanian(number: pl.Expr) -> pl.Expr:
    digits = _digits(number, 11)
    first = _weighted(digits, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    second = _weighted(digits, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11
    return pl.when(first < 10).then(first).otherwise(second) % 10 == _last(digits)


def finnish(number: pl.Expr) -> pl.Expr:
    body = (number.str.head(6) + number.str.slice(7, 3)).cast(pl.Int64)
    letter = (body % 31).replace_strict(range(31), list(FINNISH_LETTERS), return_dtype=pl.String)
    return letter == number.str.tail(1)


def icelandic(number: pl.Expr) -> pl.Expr:
    return _weighted(_digits(number, 10), (3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def italian(number: pl.Expr) -> pl.Expr:
    """Odd places by a table, even places by their rank, the sum modulo 26 as the last letter."""
    raw = _digits(number, 16)
    gap = ord("A") - _ZERO
    letter = (raw // gap + 1) // 2  # 1 for a letter, 0 for a digit
    ranks = raw - letter * gap
    odd = [
        ranks.arr.get(place).replace_strict(range(26), ITALIAN_ODD, return_dtype=pl.Int64) for place in range(0, 15, 2)
    ]
    even = _weighted(ranks, (0, 1) * 7 + (0,))
    return (pl.sum_horizontal(*odd) + even) % 26 == _last(ranks)


def latvian(number: pl.Expr) -> pl.Expr:
    """Numbers that show a birth date have a check digit; those that begin with 32 to 39 (since 2017) are not judged."""
    digits = _digits(number.str.replace("-", "", literal=True), 11)
    dated = ~number.str.contains(r"^3[2-9]")
    check = (1101 - _weighted(digits, (1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11 % 10
    return pl.when(dated).then(check == _last(digits))


def norwegian(number: pl.Expr) -> pl.Expr:
    digits = _digits(number, 11)
    first = _weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    second = _weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    return (first == 0) & (second == 0)


def polish(number: pl.Expr) -> pl.Expr:
    """Eleven digits are a PESEL, ten a tax number (NIP); each has weights of its own."""
    personal = _digits(number.str.zfill(11), 11)
    pesel = _weighted(personal, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0
    tax = _digits(number.str.tail(10), 10)
    nip = _weighted(tax, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == _last(tax)
    return pl.when(number.str.len_bytes() == 11).then(pesel).otherwise(nip)


def portuguese(number: pl.Expr) -> pl.Expr:
    digits = _digits(number, 9)
    return (11 - _weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2)) % 11) % 11 % 10 == _last(digits)


def romanian(number: pl.Expr) -> pl.Expr:
    digits = _digits(number, 13)
    rest = _weighted(digits, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return pl.when(rest == 10).then(1).otherwise(rest) == _last(digits)


def slovenian(number: pl.Expr) -> pl.Expr:
    digits = _digits(number, 13)
    return (11 - _weighted(digits, (7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11 % 10 == _last(digits)


def spanish(number: pl.Expr) -> pl.Expr:
    """The remainder by 23 as a letter; a leading X, Y, Z counts 0, 1, 2 and a leading K, L, M counts nothing."""
    body = number.str.head(8).str.replace_many(list("XYZKLM"), list("012000")).cast(pl.Int64)
    letter = (body % 23).replace_strict(range(23), list(SPANISH_LETTERS), return_dtype=pl.String)
    return letter == number.str.tail(1)


def swedish(number: pl.Expr) -> pl.Expr:
    """Luhn's method over the last ten of the twelve digits."""
    digits = _digits(number.str.tail(10), 10)
    doubled = digits * pl.lit(_array((2, 0) * 5))
    single = digits * pl.lit(_array((0, 1) * 5))
    return (doubled + single + doubled // 10).arr.sum() % 10 == 0


CHECKS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "BE": belgian,
    "BG": bulgarian,
    "CZ": czech_or_slovak,
    "EE": estonian_or_lithuanian,
    "ES": spanish,
    "FI": finnish,
    "HR": croatian,
    "IS": icelandic,
    "IT": italian,
    "LT": estonian_or_lithuanian,
    "LV": latvian,
    "NO": norwegian,
    "PL": polish,
    "PT": portuguese,
    "RO": romanian,
    "SE": swedish,
    "SI": slovenian,
    "SK": czech_or_slovak,
}


def _digits(number: pl.Expr, count: int) -> pl.Expr:
    """The characters of each number, less the character 0, as an array of `count` small integers."""
    return number.cast(pl.Binary).bin.reinterpret(dtype=pl.Array(pl.UInt8, count), endianness="little") - _ZERO


def _array(weights: Sequence[int]) -> pl.Series:
    return pl.Series([list(weights)], dtype=pl.Array(pl.UInt8, len(weights)))


def _weighted(digits: pl.Expr, weights: Sequence[int]) -> pl.Expr:
    """The sum of the first digits times the weights; digits beyond the weights do not count."""
    counted = digits.arr.slice(0, len(weights), as_array=True)
    return (counted * pl.lit(_array(weights))).arr.sum()


def _last(digits: pl.Expr) -> pl.Expr:
    return digits.arr.get(-1).cast(pl.Int64)
