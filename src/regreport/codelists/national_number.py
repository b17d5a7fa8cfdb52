"""National numbers of natural persons: the form each country gives them, and the check digits of those that have any.

A value is the country code and the number, as transaction reports carry it: SE198001019876. The forms are in
`national_number.csv`, each with how sure it is; where a number contains a birth date, the form wants a possible month
and day. Check digits are computed for the countries in `CHECKED`; for any other the answer is null, which means not
judged, never right. Denmark has abandoned its check digit (2007), Latvia has it only on numbers that show a birth date,
Czechia and Slovakia only on numbers of ten digits.

Every country has arithmetic of its own, so the distinct values are split by country and each part is judged as a
column.

Source: the registers' own rules, as generally published; RTS 22 (EU) 2017/590 Annex II for which number is meant.

>>> import polars as pl
>>> column = pl.DataFrame({"id": ["SE196408233234", "SE196408233235", "SE640823-3234", "FRX", None]})
>>> column.select(well_formed("id"))["id"].to_list()
[True, True, False, False, None]
>>> column.select(check_digits("id"))["id"].to_list()
[True, False, False, None, None]
"""

from __future__ import annotations

from functools import cache

import polars as pl

from regreport.codelists.column import Column, as_expr, code_list
from regreport.codelists.national_check import CHECKS

CHECKED = tuple(sorted(CHECKS))
"""The countries whose numbers have check digits that are verified here."""
_VALUE = "value"


def well_formed(values: Column) -> pl.Expr:
    """Whether each value is a country code and a number in that country's form; false where no form is known."""
    return as_expr(values).str.contains(_pattern_of_all())


def has_known_form(values: Column) -> pl.Expr:
    """Whether each value begins with the code of a country whose number has a known form."""
    return as_expr(values).str.head(2).is_in(code_list("national_number")["country"].implode())


def check_digits(values: Column) -> pl.Expr:
    """Whether the check digits of each value (country code and number) are right.

    False where the country's numbers have check digits and the form is wrong; null where the value is null or its
    country's numbers have none that is known: not judged.
    """
    return as_expr(values).map_batches(_judge, return_dtype=pl.Boolean, is_elementwise=True)


def is_valid(values: Column) -> pl.Expr:
    """Whether each value is well formed and its check digits, where its country has any, are right."""
    code = as_expr(values)
    return well_formed(code) & check_digits(code).fill_null(value=True)


def _judge(column: pl.Series) -> pl.Series:
    frame = column.alias(_VALUE).to_frame()
    distinct = frame.unique().with_columns(form=well_formed(_VALUE), country=pl.col(_VALUE).str.head(2))
    checked = distinct.filter(pl.col("country").is_in(CHECKED))
    parts = checked.filter("form").partition_by("country", maintain_order=False, as_dict=True)
    right = [part.select_seq(_VALUE, _verdict(str(country))) for (country,), part in parts.items()]
    wrong = checked.filter(~pl.col("form")).select_seq(_VALUE, pl.lit(value=False).alias("verdict"))
    verdicts = pl.concat([wrong, *right])
    return frame.join(verdicts, on=_VALUE, how="left", maintain_order="left")["verdict"].alias(column.name)


@cache
def _verdict(country: str) -> pl.Expr:
    """The country's arithmetic over the column of values, built once."""
    return CHECKS[country](pl.col(_VALUE).str.slice(2)).cast(pl.Boolean).alias("verdict")


@cache
def _pattern_of_all() -> str:
    forms = code_list("national_number").select(pl.col("country") + pl.col("pattern")).to_series()
    return rf"^(?:{'|'.join(forms)})$"
