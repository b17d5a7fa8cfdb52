"""The authority's own checks of the records of a file, on the wire table and apart from our rule pack.

They are written a second time on purpose: a check that shared code with our rules would agree with their mistakes. The
codes are the authorities' own as read in public sources (`CON-` and the field's number); CON-120, CON-210 and CON-471
are inferred from that numbering. What the sources do not say is not checked.

Source: ESMA65-8-2594 (validation rules) as far as public sources quote it; Finansinspektionen, notice of 26 November
2018 (CON-023, CON-411, CON-412); FCA Market Watch 59 (CON-360, CON-370).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

from regreport.codelists import lei
from regreport.simulator.reference import AuthorityReference

REJECTED: Final = "RJCT"
PENDING: Final = "PDNG"
ACCEPTED: Final = "ACPT"
BROKEN_SCHEMA: Final = pl.Schema({"position": pl.Int64, "rule": pl.String})
"""One row a record and rule that it breaks; `position` counts the records of the file from 0."""

RULES: Final[dict[str, tuple[str, str]]] = {
    "CON-023": (REJECTED, "A report with this transaction reference is there and was not cancelled"),
    "CON-024": (REJECTED, "There is no report with this transaction reference to cancel"),
    "CON-070": (REJECTED, "The buyer's LEI is not valid on the trading date"),
    "CON-110": (REJECTED, "The buyer was born after the trading date"),
    "CON-120": (REJECTED, "The LEI of the buyer's decision maker is not valid on the trading date"),
    "CON-150": (REJECTED, "The buyer's decision maker was born after the trading date"),
    "CON-160": (REJECTED, "The seller's LEI is not valid on the trading date"),
    "CON-200": (REJECTED, "The seller was born after the trading date"),
    "CON-210": (REJECTED, "The LEI of the seller's decision maker is not valid on the trading date"),
    "CON-240": (REJECTED, "The seller's decision maker was born after the trading date"),
    "CON-360": (REJECTED, "The venue is not a valid market identifier on the trading date"),
    "CON-370": (REJECTED, "The country of the branch membership is missing for a trade on a venue"),
    "CON-411": (PENDING, "The instrument is not in the reference data yet"),
    "CON-412": (REJECTED, "The instrument was not valid in the reference data on the trading date"),
    "CON-471": (PENDING, "The underlying instrument is not in the reference data yet"),
    "CON-472": (REJECTED, "The underlying instrument was not valid in the reference data on the trading date"),
}
"""Rule -> the status of a record that breaks it, and what the answer says."""
GOOD_REGISTRATIONS: Final = ("ISSUED", "LAPSED", "PENDING_TRANSFER", "PENDING_ARCHIVAL")
NO_VENUE: Final = ("XOFF", "XXXX")
_UNDERLYINGS: Final = "New/FinInstrm/Othr/DerivInstrmAttrbts/UndrlygInstrm/"
_ONE: Final = tuple(f"{_UNDERLYINGS}{leg}/Sngl/ISIN" for leg in ("Othr", "Swp/SwpIn", "Swp/SwpOut"))


@dataclass(frozen=True)
class _Party:
    """One repeating group of persons and entities, and the codes of its two checks."""

    column: str
    lei: str
    born: str
    lei_rule: str
    born_rule: str


_PARTIES: Final = (
    _Party("New/Buyr/AcctOwnr", "Id/LEI", "Id/Prsn/BirthDt", "CON-070", "CON-110"),
    _Party("New/Buyr/DcsnMakr", "LEI", "Prsn/BirthDt", "CON-120", "CON-150"),
    _Party("New/Sellr/AcctOwnr", "Id/LEI", "Id/Prsn/BirthDt", "CON-160", "CON-200"),
    _Party("New/Sellr/DcsnMakr", "LEI", "Prsn/BirthDt", "CON-210", "CON-240"),
)


def column(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A text column of a wire table, null where the table does not have it."""
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String).alias(name)


def identified(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    """What the books need of each record: position, record_id, new (no cancellation), isin, underlyings, trade_date."""
    new = column(frame, "New/TxId").is_not_null()
    party = pl.coalesce(column(frame, "New/ExctgPty"), column(frame, "Cxl/ExctgPty"))
    reference = pl.coalesce(column(frame, "New/TxId"), column(frame, "Cxl/TxId"))
    return frame.select(
        position=pl.int_range(first, first + pl.len(), dtype=pl.Int64),
        record_id=pl.concat_str(party, reference),
        new=new,
        isin=column(frame, "New/FinInstrm/Id"),
        underlyings=pl.concat_list([column(frame, name) for name in _ONE]).list.drop_nulls(),
        trade_date=column(frame, "New/Tx/TradDt").str.head(10),
    )


def broken(frame: pl.DataFrame, records: pl.DataFrame, reference: AuthorityReference) -> pl.DataFrame:
    """Rules that the records of one wire frame break by themselves, as BROKEN_SCHEMA.

    `records`: what `identified` said of the same frame.
    """
    rows = frame.with_columns(records["position"], records["trade_date"].alias("@day"))
    found = [pl.DataFrame(schema=BROKEN_SCHEMA), *_parties(rows, reference.leis)]
    if reference.mics is not None:
        found += _venue(rows, reference.mics)
    if reference.instruments is not None:
        found += unlisted(records, reference.instruments)
    return pl.concat(found).unique(["position", "rule"], maintain_order=True)


def _hits(rows: pl.DataFrame, wrong: pl.Expr, rule: str) -> pl.DataFrame:
    hit = rows.filter(wrong.fill_null(value=False)).select("position").unique()
    return hit.select(pl.col("position").cast(pl.Int64), pl.lit(rule).alias("rule"))


def _parties(rows: pl.DataFrame, leis: pl.DataFrame | None) -> Iterable[pl.DataFrame]:
    for party in _PARTIES:
        if party.column not in rows.columns:
            continue
        members = rows.select("position", "@day", party.column).explode(party.column).unnest(party.column)
        yield _hits(members, column(members, party.born) > pl.col("@day"), party.born_rule)
        named = members.select("position", "@day", lei=column(members, party.lei)).drop_nulls("lei")
        yield _hits(named, ~lei.is_valid("lei"), party.lei_rule)
        if leis is not None:
            yield _hits(*_not_good(named, leis), party.lei_rule)


def _not_good(named: pl.DataFrame, leis: pl.DataFrame) -> tuple[pl.DataFrame, pl.Expr]:
    known = leis.unique("lei", keep="last").select(
        "lei", "entity_status", "registration_status", "ended_on", known=True
    )
    joined = named.join(known, on="lei", how="left")
    active = (pl.col("entity_status") == "ACTIVE") | (pl.col("ended_on") > pl.col("@day"))
    good = active.fill_null(value=False) & pl.col("registration_status").is_in(GOOD_REGISTRATIONS)
    ended_later = (pl.col("ended_on") > pl.col("@day")).fill_null(value=False)
    return joined, pl.col("known").is_null() | ~(good | ended_later)


def _venue(rows: pl.DataFrame, mics: pl.DataFrame) -> Iterable[pl.DataFrame]:
    parents = mics.filter(kind="SGMT")["operating_mic"].unique()
    facts = mics.unique("mic", keep="last").select(
        "valid_from", "valid_to", "status", "category", mic="mic", parent=pl.col("mic").is_in(parents.implode())
    )
    new = rows.filter(column(rows, "New/TxId").is_not_null())
    traded = new.select("position", "@day", mic=column(new, "New/Tx/TradVn"), branch=column(new, "New/Tx/CtryOfBrnch"))
    joined = traded.join(facts, on="mic", how="left")
    too_early = pl.col("valid_from").fill_null("") > pl.col("@day")
    too_late = pl.col("valid_to").fill_null("9999-12-31") < pl.col("@day")
    unknown = pl.col("status").is_null()
    off_venue = pl.col("mic").is_in(NO_VENUE)
    yield _hits(joined, ~off_venue & (unknown | too_early | too_late | pl.col("parent")), "CON-360")
    on_venue = ~off_venue & ~unknown & (pl.col("category") != "SINT")
    yield _hits(joined, on_venue & pl.col("branch").is_null(), "CON-370")


def unlisted(records: pl.DataFrame, instruments: pl.DataFrame) -> Iterable[pl.DataFrame]:
    """CON-411 and CON-471: instruments and underlyings that are not valid in the reference data on the trading date.

    `records`: position, isin, underlyings, trade_date.
    """
    periods = instruments.select(
        "isin",
        since=pl.col("admission_request_date").str.head(10).fill_null(""),
        until=pl.col("termination_date").str.head(10).fill_null("9999-12-31"),
    )
    own = records.select("position", "isin", "trade_date")
    below = records.select("position", "trade_date", isin="underlyings").explode("isin")
    for named, rule in ((own, "CON-411"), (below, "CON-471")):
        asked = named.drop_nulls("isin")
        in_force = (pl.col("since") <= pl.col("trade_date")) & (pl.col("trade_date") <= pl.col("until"))
        listed = asked.join(periods, on="isin", how="inner").filter(in_force)
        yield _hits(asked.join(listed, on=["position", "isin"], how="anti"), pl.lit(value=True), rule)
