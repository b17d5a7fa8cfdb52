"""What the snapshots of instruments, LEIs and MICs say of a column of codes on a day: joins, never guesses.

Every function asks for the distinct codes only and gives back a small table to be joined, so that half a million
records cost one join. A code that the snapshot does not have is said to be unknown ("false", UNKNOWN, NONE); a snapshot
that is not loaded is for the caller to see, and gives no table at all.

Source: MiFIR Article 27 (instrument reference data), ISO 17442 and GLEIF (LEI), ISO 10383 (MIC).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from regreport.codelists import country

INSTRUMENT_FACTS: Final = pl.Schema(
    {"isin": pl.String, "day": pl.String, "area": pl.String, "known": pl.String, "cfi": pl.String}
)
VENUE_FACTS: Final = ("kind", "category", "country", "eea", "has_segments", "active")
UK: Final = "UK"
STAND_INS: Final = ("XOFF", "XXXX")
INTERNALISER: Final = "SINT"
_DAY = 10


def instruments_on(asked: pl.DataFrame, instruments: pl.DataFrame) -> pl.DataFrame:
    """Which ISINs are in the list of an area on a day, and their CFI: INSTRUMENT_FACTS, one row a distinct question.

    `asked`: columns isin, day (ISO date), area (EU or UK). `instruments`: the snapshot. An ISIN is known from the day
    on which its admission was requested or it was first traded, whichever is earlier, to the day on which it ended. For
    the UK the lists of both areas count (MiFIR Article 26(2) as onshored). A CFI is given even where the ISIN is not
    valid on the day, if the snapshot has one.
    """
    questions = asked.drop_nulls(("isin", "day")).unique(maintain_order=True)
    if questions.is_empty():
        return pl.DataFrame(schema=INSTRUMENT_FACTS)
    lines = instruments.select("isin", "cfi", "list", *_validity()).join(questions, on="isin", how="inner")
    ours = (pl.col("area") == UK) | pl.col("list").is_null() | (pl.col("list") == pl.col("area"))
    begun = pl.col("since").is_null() | (pl.col("since") <= pl.col("day"))
    going = pl.col("until").is_null() | (pl.col("day") <= pl.col("until"))
    found = lines.with_columns(valid=ours & begun & going).sort("valid", descending=True, maintain_order=True)
    facts = found.group_by("isin", "day", "area", maintain_order=True).agg(
        known=pl.when(pl.col("valid").any()).then(pl.lit("true")).otherwise(pl.lit("false")),
        cfi=pl.col("cfi").drop_nulls().first(),
    )
    answered = questions.join(facts, on=("isin", "day", "area"), how="left", maintain_order="left")
    return answered.with_columns(pl.col("known").fill_null("false")).select(INSTRUMENT_FACTS.names())


def _validity() -> tuple[pl.Expr, pl.Expr]:
    """First and last day of a line of the list, as ISO dates."""
    starts = [pl.col(c).str.head(_DAY) for c in ("admission_request_date", "first_trade_date")]
    return pl.min_horizontal(starts).alias("since"), pl.col("termination_date").str.head(_DAY).alias("until")


def leis(asked: pl.Series, snapshot: pl.DataFrame) -> pl.DataFrame:
    """Distinct LEIs: lei, status (`ENTITY/REGISTRATION`, or UNKNOWN where not in the snapshot), category."""
    wanted = asked.drop_nulls().unique(maintain_order=True).to_frame("lei")
    known = snapshot.join(wanted, on="lei", how="semi").unique("lei", keep="last", maintain_order=True)
    status = pl.concat_str("entity_status", "registration_status", separator="/")
    found = wanted.join(
        known.select("lei", status.alias("status"), "category"), on="lei", how="left", maintain_order="left"
    )
    return found.with_columns(pl.col("status").fill_null("UNKNOWN"))


def venues_on(asked: pl.DataFrame, mics: pl.DataFrame) -> pl.DataFrame:
    """What distinct venues are on a day: venue, day, area and VENUE_FACTS, all text.

    `asked`: columns venue, day, area. kind: XOFF, XXXX, SINT, OPRT, SGMT, or NONE where the code is no MIC of the
    snapshot. eea: whether its country is in the area of the report's own law (EU: the EEA, UK: the United Kingdom).
    """
    questions = asked.drop_nulls(("venue", "day")).unique(maintain_order=True)
    lines = mics.unique("mic", keep="last", maintain_order=True)
    segments = lines.filter(kind="SGMT").select(mic="operating_mic").unique().with_columns(segmented=pl.lit(value=True))
    joined = questions.join(lines, left_on="venue", right_on="mic", how="left", maintain_order="left")
    joined = joined.join(segments, left_on="venue", right_on="mic", how="left", maintain_order="left")
    listed = pl.col("operating_mic").is_not_null()
    stand_in = pl.when(pl.col("venue").is_in(STAND_INS)).then("venue").when(~listed).then(pl.lit("NONE"))
    kind = stand_in.when(pl.col("category") == INTERNALISER).then(pl.lit(INTERNALISER)).otherwise("kind")
    begun = pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("day"))
    going = (
        pl.when(pl.col("valid_to").is_null())
        .then(pl.col("status") == "ACTIVE")
        .otherwise(pl.col("day") <= pl.col("valid_to"))
    )
    member = country.is_eea("country", pl.col("day").str.to_date("%Y-%m-%d", strict=False))
    home = pl.when(pl.col("area") == UK).then(pl.col("country") == "GB").otherwise(member)
    segmented = pl.col("segmented").fill_null(value=False)
    return joined.select(
        "venue", "day", "area", kind=kind, category="category", country="country", eea=_text(home),
        has_segments=pl.when(listed).then(_text(segmented)), active=_text(begun & going & listed),
    )  # fmt: skip


def _text(verdict: pl.Expr) -> pl.Expr:
    return pl.when(verdict).then(pl.lit("true")).when(~verdict).then(pl.lit("false"))
