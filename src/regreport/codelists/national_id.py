"""Which identifier a natural person is reported under: by nationality, in the order of Annex II.

For each nationality the annex lists up to three kinds of identifier, and a person is reported under the first kind that
he or she has, whether or not the firm had it on file. The kind goes into the message as a scheme: NIDN (a national
number or identity card), CCPT (a passport) or CONCAT (made of birth date and names, see `concat`). `national_id.csv` is
the annex; a country without a row follows the row `**`. Nationals of Estonia, Spain, Iceland, Italy, Malta and Poland
can never be reported under CONCAT. That passports are CCPT and every other number is NIDN is inferred from the schema.

The United Kingdom has a row in the annex but left the EEA, and nationals of third countries follow `**`: whether its
row still counts is not settled, so `gb` says which way to read it ("annex" or "other").

Source: RTS 22 (EU) 2017/590 Article 6 and Annex II.

>>> kinds("SE"), kinds("MT"), kinds("US")
(('NIDN', 'CONCAT'), ('NIDN', 'CCPT'), ('CCPT', 'CONCAT'))
>>> import polars as pl
>>> people = pl.DataFrame({"of": ["SE", "IT", None], "scheme": ["CONCAT", "CONCAT", "NIDN"]})
>>> people.select(scheme_allowed("of", "scheme"))["of"].to_list()
[True, False, None]
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal, TypeAlias

import polars as pl

from regreport.codelists import concat, country, national_number
from regreport.codelists.column import Column, as_expr, code_list

Reading: TypeAlias = Literal["annex", "other"]
"""How nationals of the United Kingdom are read: by its own row of the annex, or as a third country."""

SCHEMES = ("NIDN", "CCPT", "CONCAT")
OTHERS = "**"
PRIORITIES = ("first", "second", "third")
# A passport's or other document's number: what a report can carry after the country code (35 characters in all).
DOCUMENT_PATTERN = r"^[A-Z]{2}[0-9A-Z]{1,33}$"


def kinds(nationality: str, gb: Reading = "annex") -> tuple[str, ...]:
    """The schemes a national of this country can be reported under, in the order of priority."""
    annex = _annex(gb)
    listed = annex.filter(country=nationality)
    ranked = listed if listed.height else annex.filter(country=OTHERS)
    return tuple(ranked.sort("rank")["scheme"])


def concat_allowed(nationality: Column) -> pl.Expr:
    """Whether nationals of each country may be reported under CONCAT where nothing better exists."""
    return scheme_allowed(nationality, pl.lit("CONCAT"))


def scheme_allowed(nationality: Column, scheme: Column, gb: Reading = "annex") -> pl.Expr:
    """Whether the annex lists the scheme for the nationality, at any priority; null where either is null."""
    both = as_expr(nationality).is_not_null() & as_expr(scheme).is_not_null()
    return pl.when(both).then(scheme_rank(nationality, scheme, gb).is_not_null())


def scheme_rank(nationality: Column, scheme: Column, gb: Reading = "annex") -> pl.Expr:
    """The priority (1, 2, 3) at which the annex lists the scheme for the nationality, null where it does not."""
    annex = _annex(gb)
    own = as_expr(nationality)
    listed = own.is_in(annex["country"].unique().implode())
    row = pl.when(listed).then(own).when(own.is_not_null()).then(pl.lit(OTHERS))
    keys = annex["country"] + annex["scheme"]
    return (row + as_expr(scheme)).replace_strict(keys, annex["rank"], default=None, return_dtype=pl.UInt8)


def form_valid(identifier: Column, scheme: Column) -> pl.Expr:
    """Whether each identifier (country code included) has the form of its scheme: text columns, null stays null.

    NIDN: the country's own form where it is known. CONCAT: see `concat.is_valid`. CCPT, and NIDN of a country whose
    form is not known: capital letters and digits. Check digits of national numbers are `national_number.check_digits`.
    """
    code, kind = as_expr(identifier), as_expr(scheme)
    document = code.str.contains(DOCUMENT_PATTERN) & country.is_valid(code.str.head(2))
    national = (kind == "NIDN") & national_number.has_known_form(code)
    return (
        pl.when(kind == "CONCAT")
        .then(concat.is_valid(code))
        .when(national)
        .then(national_number.well_formed(code))
        .when(kind.is_in(SCHEMES))
        .then(document)
        .when(kind.is_not_null() & code.is_not_null())
        .then(pl.lit(value=False))
    )


def nationality_for_reporting(nationalities: Column, on: date, gb: Reading = "other") -> pl.Expr:
    """The nationality that counts, of a column of lists of country codes.

    Of those that are in the EEA on that day, the first by its code; of a single one outside, that one. Several outside
    and none inside give null: the regulation does not say which country's code goes first, so the firm has to.
    With gb="annex" the United Kingdom counts as if it were inside.
    """
    own = as_expr(nationalities)
    members = country.eea_members(on)
    if gb == "annex" and "GB" not in members:
        members = sorted([*members, "GB"])
    inside = own.list.set_intersection(pl.lit(pl.Series([members]))).list.drop_nulls()
    distinct = own.list.drop_nulls().list.unique()
    return (
        pl.when(inside.list.len() > 0)
        .then(inside.list.sort().list.first())
        .when(distinct.list.len() == 1)
        .then(distinct.list.first())
    )


@cache
def _annex(gb: Reading) -> pl.DataFrame:
    """Columns country, scheme, rank: a row for each kind listed, the best rank where a scheme comes twice."""
    rows = code_list("national_id").unpivot(PRIORITIES, index="country", variable_name="rank", value_name="scheme")
    rank = pl.col("rank").replace_strict(PRIORITIES, (1, 2, 3), return_dtype=pl.UInt8)
    annex = rows.drop_nulls("scheme").with_columns(rank).group_by("country", "scheme").agg(pl.col("rank").min())
    kept = annex if gb == "annex" else annex.filter(pl.col("country") != "GB")
    return kept.sort("country", "rank")
