"""Whether an instrument is on the list of traded instruments (FIRDS) on a day, and what the list says of it.

One row of the list is an instrument on one venue, from the earlier of the request for admission and the first trade to
the termination, both days included. Under UK law the lists of the United Kingdom and of the Union count together (UK,
Gibraltar and Union venues) unless the setting `uk_scope` is UK_ONLY. That something is not on the list can only be said
where every list that counts is loaded.

The whole list is large and a report is small, so a snapshot is brought into a sorted form once and then searched.

Source: MiFIR Art. 26(2), 27; RTS 23 (EU) 2017/585 fields 8 to 12; UK MiFIR Art. 26(2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from regreport.regime import ReportContext

OPEN_END: Final = "9999-12-31"
KEPT_MAX: Final = 8
LINE_COLUMNS: Final = ("isin", "cfi", "admission_request_date", "first_trade_date", "termination_date", "list")
_kept: dict[tuple[object, tuple[str, ...]], tuple[object, Listing]] = {}


@dataclass(frozen=True)
class Listing:
    """The list in searchable form. `loaded`: every list that counts is there.

    `instruments`: one row an instrument, by `isin`: begins, ends (first, last day), broken (not on the list all
    the time between), undated (a line without a first day), cfi (null where venues disagree), underlying_isins,
    underlying_index. `windows`: isin, begins, ends of the broken ones.
    """

    loaded: bool
    instruments: pl.DataFrame
    windows: pl.DataFrame

    def find(self, isins: pl.Series) -> pl.DataFrame:
        """The rows of `instruments` for these ISINs, one for one; all null where there is none."""
        keys = self.instruments["isin"]
        if keys.is_empty() or isins.null_count() == len(isins):
            return self.instruments.clear(len(isins))
        at = keys.search_sorted(isins.fill_null(""), side="left").clip(upper_bound=len(keys) - 1)
        hit = (keys.gather(at) == isins).fill_null(value=False)
        return self.instruments[at] if hit.all() else self.instruments[at.set(~hit, None)]

    def on_list(self, isins: pl.Series, days: pl.Series) -> pl.Series:
        """Whether each instrument is on the list on its day: null where that cannot be said, or no ISIN is given."""
        found = self.find(isins).with_columns(asked=isins, day=days)
        inside = (pl.col("begins") <= pl.col("day")) & (pl.col("day") <= pl.col("ends"))
        absent = pl.when(self.loaded).then(False)
        answer = (
            pl.when(pl.col("asked").is_null() | pl.col("day").is_null())
            .then(None)
            .when(pl.col("isin").is_null())
            .then(absent)
            .when(inside & ~pl.col("broken"))
            .then(True)
            .when(pl.col("undated"))
            .then(None)
            .otherwise(absent)
        )
        verdict = found.select(answer.alias("on_list"))["on_list"]
        gaps = found.select((pl.col("broken") & inside).fill_null(value=False).alias("gap"))["gap"]
        return self._in_windows(found, verdict, gaps) if gaps.any() else verdict

    def _in_windows(self, found: pl.DataFrame, verdict: pl.Series, gaps: pl.Series) -> pl.Series:
        rows = found.select("isin", "day").with_row_index("row").filter(gaps)
        pairs = rows.join(self.windows, on="isin", how="inner")
        valid = pairs.filter(pl.col("begins") <= pl.col("day"), pl.col("day") <= pl.col("ends"))["row"].unique()
        return verdict.scatter(valid, True) if len(valid) else verdict


def listing(law: str, context: ReportContext) -> Listing:
    """The list that counts under a law ("EU" or "UK"), searchable; kept from one report to the next."""
    names = lists_that_count(law, context)
    snapshot = context.reference_data.get("instruments")
    if snapshot is None:
        return _build(pl.DataFrame(schema=dict.fromkeys(LINE_COLUMNS, pl.String)), names)
    key = (context.snapshot_digests.get("instruments") or id(snapshot), names)
    if key not in _kept:
        while len(_kept) >= KEPT_MAX:
            _kept.pop(next(iter(_kept)))
        # The snapshot is kept beside its form, so that its identity stays its own.
        _kept[key] = (snapshot, _build(snapshot, names))
    return _kept[key][1]


def lists_that_count(law: str, context: ReportContext) -> tuple[str, ...]:
    """The lists of the snapshot that decide under a law."""
    if law == "EU":
        return ("EU",)
    return ("UK",) if context.settings.get("uk_scope") == "UK_ONLY" else ("UK", "EU")


def _build(snapshot: pl.DataFrame, names: tuple[str, ...]) -> Listing:
    there = set(snapshot["list"].drop_nulls().unique())
    lines = snapshot.lazy().filter(pl.col("list").is_in(names)).with_columns(_optional(snapshot))
    first = pl.min_horizontal(pl.col("admission_request_date").str.head(10), pl.col("first_trade_date").str.head(10))
    lines = lines.with_columns(begins=first, ends=pl.col("termination_date").str.head(10).fill_null(OPEN_END))
    lines = lines.sort("isin", "begins", nulls_last=True)
    before = pl.col("ends").filter(pl.col("begins").is_not_null()).cum_max().shift(1)
    instruments = (
        lines.group_by("isin", maintain_order=True)
        .agg(
            begins=pl.col("begins").min(),
            ends=pl.col("ends").filter(pl.col("begins").is_not_null()).max(),
            broken=(pl.col("begins").drop_nulls() > before).any().fill_null(value=False),
            undated=pl.col("begins").is_null().any(),
            cfi=pl.when(pl.col("cfi").drop_nulls().n_unique() == 1).then(pl.col("cfi").drop_nulls().first()),
            underlying_isins=pl.col("underlying_isins").explode().drop_nulls().unique().sort(),
            underlying_index=pl.col("underlying_index").drop_nulls().sort().first(),
        )
        .filter(pl.col("isin").is_not_null())
        .with_columns(pl.when(pl.col("underlying_isins").list.len() > 0).then("underlying_isins"))
        .collect()
    )
    broken = instruments.filter(pl.col("broken")).select("isin")
    windows = lines.select("isin", "begins", "ends").drop_nulls().join(broken.lazy(), on="isin", how="semi").collect()
    return Listing(all(name in there for name in names), instruments.set_sorted("isin"), windows)


def _optional(snapshot: pl.DataFrame) -> list[pl.Expr]:
    """Columns that describe the underlying, where a snapshot does not have them."""
    absent = []
    if "underlying_isins" not in snapshot.columns:
        absent.append(pl.lit(None, pl.List(pl.String)).alias("underlying_isins"))
    if "underlying_index" not in snapshot.columns:
        absent.append(pl.lit(None, pl.String).alias("underlying_index"))
    return absent
