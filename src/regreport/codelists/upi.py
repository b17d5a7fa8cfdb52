"""UPI: the Unique Product Identifier, twelve characters that name the kind of an over-the-counter derivative.

The prefix QZ, nine characters and a check character, all from an alphabet of thirty: the digits and the consonants
without Y, so that no word can appear. The check character follows the hybrid system MOD 31,30: from 30, each character
is added, reduced modulo 30 (with 30 for 0), doubled and reduced modulo 31; with the last one the sum must leave 1.

The text of the standard was not at hand: the method was derived, and holds for every published code it was tried on
(the tests keep them). The prefix takes part in the sum.

Source: ISO 4914:2021; ISO/IEC 7064 hybrid systems; codes are issued by the Derivatives Service Bureau.

>>> import polars as pl
>>> column = pl.DataFrame({"upi": ["QZ3HXD0QWPVZ", "QZ3HXD0QWPVX", None]})
>>> column.select(is_valid("upi"))["upi"].to_list()
[True, False, None]
"""

from __future__ import annotations

import re

import polars as pl

from regreport.codelists.column import Column, as_expr, judged

ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXZ"
PREFIX = "QZ"
BODY_LENGTH = 9
PATTERN = rf"^{PREFIX}[{ALPHABET}]{{{BODY_LENGTH + 1}}}$"
# Each character by its place in the alphabet, as a byte: the first 10 are the digits' own bytes, the next follow on.
_FIRST_BYTE = ord("0")
_BYTES = [chr(_FIRST_BYTE + place) for place in range(len(ALPHABET))]
_LENGTH = len(PREFIX) + BODY_LENGTH + 1


def well_formed(values: Column) -> pl.Expr:
    """Whether a text column has a UPI's shape: QZ and 10 more characters of the alphabet."""
    return as_expr(values).str.contains(PATTERN)


def check_digits(values: Column) -> pl.Expr:
    """Whether a text column holds UPIs whose check character is right; false also where the shape is wrong."""
    code = as_expr(values)
    raw = code.str.replace_many(list(ALPHABET), _BYTES).cast(pl.Binary)
    places = raw.bin.reinterpret(dtype=pl.Array(pl.UInt8, _LENGTH), endianness="little") - _FIRST_BYTE
    product: pl.Expr = pl.lit(_product(PREFIX), dtype=pl.UInt8)
    for position in range(len(PREFIX), _LENGTH - 1):
        total = (places.arr.get(position) + product - 1) % 30 + 1
        product = total * 2 % 31
    return judged(well_formed(code), (product + places.arr.get(_LENGTH - 1)) % 30 == 1)


def is_valid(values: Column) -> pl.Expr:
    """Whether a text column holds well-formed UPIs with the right check character. Not whether they were issued."""
    return check_digits(values)


def with_check_digit(body: str) -> str:
    """The UPI with these nine characters after the prefix. Raises ValueError where they are not of the alphabet.

    >>> with_check_digit("3HXD0QWPV")
    'QZ3HXD0QWPVZ'
    """
    if not re.fullmatch(rf"[{ALPHABET}]{{{BODY_LENGTH}}}", body):
        raise ValueError(f"a UPI has {BODY_LENGTH} characters of {ALPHABET} after its prefix, not {body!r}")
    return f"{PREFIX}{body}{ALPHABET[(1 - _product(PREFIX + body)) % 30]}"


def _product(code: str) -> int:
    """The running product of the hybrid system after these characters."""
    product = 30
    for letter in code:
        total = (product + ALPHABET.index(letter)) % 30 or 30
        product = total * 2 % 31
    return product
