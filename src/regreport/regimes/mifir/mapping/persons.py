"""Who a member of a party is: the kind of the identifier, the identifier of a natural person, names in capitals.

What the firm says wins. Else the form of the identifier tells an LEI, a MIC and INTC; of a natural person the
nationality tells the kind where the annex leaves only one besides CONCAT, and CONCAT is built where no identifier is
given and the nationality allows it. Which row counts for nationals of the United Kingdom is not settled: the setting
`gb_nationals` says `annex` or `other`, and where it is not set their kind is not derived.

Source: RTS 22 (EU) 2017/590 Article 6, Annex I fields 7 to 24, Annex II.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final, Literal, TypeAlias, cast

import polars as pl

from regreport.codelists import concat, lei, mic, national_id
from regreport.codelists.column import code_list
from regreport.errors import ConfigurationError
from regreport.regimes.mifir.mapping.source import PERSONAL

INTC: Final = "INTC"
NATIONALITIES_APART: Final = "+"
GB_SETTING: Final = "gb_nationals"


Reading: TypeAlias = Literal["annex", "other"]


@dataclass(frozen=True)
class Nationals:
    """How nationalities are read: on which day, and which row counts for nationals of the United Kingdom, if set."""

    on: date
    gb: Reading | None

    def one(self, nationalities: pl.Series) -> pl.Series:
        """The nationality that counts, of texts with several parted by `+`; null where it is not settled."""
        distinct = nationalities.drop_nulls().unique().to_frame("several")
        if distinct.is_empty():
            return pl.Series(nationalities.name, [None] * len(nationalities), dtype=pl.String)
        several = pl.col("several").str.split(NATIONALITIES_APART)
        settled = distinct.select(
            "several", one=national_id.nationality_for_reporting(several, self.on, self.gb or "other")
        )
        return nationalities.replace_strict(settled["several"], settled["one"], default=None, return_dtype=pl.String)

    def kind(self, nationality: pl.Expr) -> pl.Expr:
        """The only kind of identifier besides CONCAT that a nationality has in the annex; null where it has two."""
        kinds, rest = _kinds(self.gb)
        told = nationality.replace_strict(list(kinds), list(kinds.values()), default=rest, return_dtype=pl.String)
        return pl.when(nationality.is_not_null()).then(told)


def nationals(settings: Mapping[str, str], on: date) -> Nationals:
    """The reading that the settings ask for. Raises ConfigurationError for another word than annex or other."""
    gb = settings.get(GB_SETTING)
    if gb not in (None, "annex", "other"):
        raise ConfigurationError(f"mifir setting {GB_SETTING} is {gb!r}; it may be annex or other")
    return Nationals(on, cast("Reading | None", gb))


@cache
def _kinds(gb: Reading | None) -> tuple[dict[str, str | None], str | None]:
    """Nationality -> its only kind besides CONCAT, for the rows of the annex; and the kind of all others."""
    listed = [c for c in code_list("national_id").get_column("country") if c != national_id.OTHERS]
    kinds = {c: _only_kind(c, gb or "annex") for c in listed}
    if gb is None:
        kinds["GB"] = None
    return kinds, _only_kind(national_id.OTHERS, "annex")


def _only_kind(country: str, gb: Reading) -> str | None:
    kinds = [k for k in national_id.kinds(country, gb) if k != "CONCAT"]
    return kinds[0] if len(kinds) == 1 else None


def identified(members: pl.DataFrame, nationals: Nationals, *, venues: bool = True) -> pl.DataFrame:
    """Members of one place of a party, a row a record: the same rows with id, id_type and names as the report has them.

    `members`: text columns id, id_type, first_names, surnames, birth_date, nationality (all null where there is no
    member). `venues` says whether an identifier of four characters may be a MIC.
    """
    said = pl.any_horizontal(pl.col(c).is_not_null() for c in ("id", *PERSONAL))
    open_rows = (pl.col("id_type").is_null() & said) | (pl.col("id").is_null() & (pl.col("id_type") == "CONCAT"))
    numbered = members.with_row_index("_row")
    unsettled = numbered.filter(open_rows.fill_null(value=False))
    if unsettled.height:
        settled = _derived(unsettled, nationals, venues=venues)
        numbered = numbered.with_columns(
            id=numbered["id"].scatter(settled["_row"], settled["id"]),
            id_type=numbered["id_type"].scatter(settled["_row"], settled["id_type"]),
        )
    nobody = (pl.col("id_type") == INTC) & (pl.col("id") == INTC)
    return numbered.drop("_row").with_columns(
        id=pl.when(~nobody.fill_null(value=False)).then("id"),
        first_names=pl.col("first_names").str.to_uppercase(),
        surnames=pl.col("surnames").str.to_uppercase(),
    )


def _derived(members: pl.DataFrame, nationals: Nationals, *, venues: bool) -> pl.DataFrame:
    """`_row`, id and id_type of members whose kind is not given, or whose CONCAT is to be built."""
    personal = pl.any_horizontal(pl.col(c).is_not_null() for c in PERSONAL)
    members = members.with_columns(nationals.one(members["nationality"]).alias("_one"))
    members = members.with_columns(_built(members).alias("_built"))
    text, buildable = pl.col("id"), pl.col("id").is_null() & pl.col("_built").is_not_null()
    forms = [
        (text == INTC, INTC),
        (~personal & lei.well_formed(text), "LEI"),
        (~personal & mic.well_formed(text) & venues, "MIC"),
        (concat.well_formed(text), "CONCAT"),
        (buildable & national_id.concat_allowed("_one"), "CONCAT"),
    ]
    by_form = [pl.when(holds).then(pl.lit(kind)) for holds, kind in forms]
    by_nationality = pl.when(personal & text.is_not_null()).then(nationals.kind(pl.col("_one")))
    kind = pl.coalesce("id_type", *by_form, by_nationality)
    return members.select(
        "_row", id=pl.when(text.is_null() & (kind == "CONCAT")).then("_built").otherwise(text), id_type=kind
    )


def _built(members: pl.DataFrame) -> pl.Series:
    """CONCAT of the members without an identifier, null for all others: its letters are costly, and few need it."""
    built = pl.Series("_built", [None] * members.height, dtype=pl.String)
    personal = pl.any_horizontal(pl.col(c).is_not_null() for c in PERSONAL)
    rows = members.drop("_row").with_row_index("_row").filter(personal & pl.col("id").is_null())
    if rows.is_empty():
        return built
    born = pl.col("birth_date").str.to_date("%Y-%m-%d", strict=False)
    made = rows.select("_row", value=concat.build("first_names", "surnames", born, "_one"))
    return built.scatter(made["_row"], made["value"])
