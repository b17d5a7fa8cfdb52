"""What the authority holds of an obligation, and so what has to be sent: nothing twice, nothing edited in place.

MiFIR knows no amendment: a changed record is a cancellation and a new report, in this order; a withdrawn one is a
cancellation. Whether a record has changed is judged on the regulator's fields, not on the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from regreport import versions
from regreport.books import BookStanding
from regreport.engine.spool import ROWS_PER_CHUNK
from regreport.model.report import Action
from regreport.ports import Store
from regreport.regime import Regime, ReportContext

TRIED: Final = pl.Schema({"tried_report_id": pl.String(), "tried_position": pl.UInt32()})
"""Where a line stands that the authority refused after the one that it holds."""


class Reported:
    """What the authority holds of this obligation, and the field rows that it was told."""

    def __init__(
        self,
        regime: Regime,
        books: pl.DataFrame,
        standing: pl.DataFrame,
        store: Store,
        field_tables: dict[str, str],
        *,
        resend: bool,
    ) -> None:
        """`books`: BOOKS_SCHEMA of this obligation; `standing`: every source row of the day as `versions.stand` has it;
        `field_tables`: report_id -> digest of the field table it sent; `resend`: what was rejected goes again."""
        self._regime = regime
        self._resend = resend
        self._store = store
        self._tables = field_tables
        self._names = standing.select(*versions.KEY, "transaction_id")
        live = standing.filter(pl.col("standing") == versions.Standing.LIVE.value).select("transaction_id")
        held = books.filter(pl.col("standing") != BookStanding.GONE.value)
        owned = held.join(self._names, on=versions.KEY, how="left", maintain_order="left")
        alive = owned.with_row_index("@n").join(live, on="transaction_id", how="semi")["@n"]
        self._held = owned.with_columns(alive=pl.int_range(pl.len(), dtype=pl.UInt32).is_in(alive.implode()))
        self._changed: list[pl.Series] = []
        self._taken_over: list[pl.Series] = []

    def to_send(self, fields: pl.DataFrame) -> pl.DataFrame:
        """The field rows that the authority does not hold as they are.

        A row that it holds word for word is not sent again, nor, unless a person asks for it, one that it rejected and
        that has not changed. A record may only change a report of its own: where another record that still stands has
        the reference, both are sent on, and the rules say which one has it twice.
        """
        ours = self._known(fields)
        if ours.is_empty():
            return fields
        columns = list(self._regime.layer.schema)
        tried = ours.select(report_id="tried_report_id", position="tried_position").drop_nulls()
        lines = pl.concat([ours.select("report_id", "position"), tried]).unique(maintain_order=True)
        then = self._as_sent(lines).select("report_id", "position", sent=_content(columns))
        now = ours.with_columns(now=_content(columns)).join(then, on=["report_id", "position"], how="left")
        refused = then.rename({"report_id": "tried_report_id", "position": "tried_position", "sent": "refused"})
        now = now.join(refused, on=list(TRIED), how="left")
        known_to_it = (pl.col("now") == pl.col("sent")).fill_null(value=False)
        known_to_it |= (pl.col("now") == pl.col("refused")).fill_null(value=False)
        same, changed = now.filter(known_to_it), now.filter(~known_to_it)
        reference = self._regime.reference
        self._changed.append(changed.filter(pl.col("standing") == BookStanding.ACTIVE.value)[reference])
        self._taken_over.append(same[reference])
        return (
            fields.with_row_index("@row")
            .join(same.select("@row"), on="@row", how="anti", maintain_order="left")
            .drop("@row")
        )

    def _known(self, fields: pl.DataFrame) -> pl.DataFrame:
        """The rows whose reference the authority holds as a report of the same record, or of one that is no more."""
        if self._held.is_empty() or fields.is_empty():
            return fields.clear()
        known = self._held.select(
            "reference", "standing", "report_id", "position", "alive", *TRIED, owner="transaction_id"
        )
        if self._resend:
            known = known.filter(pl.col("standing") == BookStanding.ACTIVE.value)
            known = known.with_columns(tried_report_id=None, tried_position=None).cast(TRIED)
        named = (
            fields.with_row_index("@row")
            .join(known, left_on=self._regime.reference, right_on="reference", how="inner")
            .join(self._names, left_on=["@batch_id", "@source_line"], right_on=list(versions.KEY), how="left")
        )
        own = pl.col("owner").eq_missing(pl.col("transaction_id")) | ~pl.col("alive")
        return named.filter(own).unique(self._regime.reference, keep="first", maintain_order=True)

    def cancellations(self, context: ReportContext, accounts: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Cancellations of what has changed, was withdrawn, or turned out not to be reportable.

        A record that is held for the moment keeps its old report: nothing is taken back on a question.
        """
        active = self._held.filter(pl.col("standing") == BookStanding.ACTIVE.value)
        if active.is_empty():
            return
        key = ["transaction_id", "reference"]
        claimed = accounts.filter(pl.col("category") == "REPORTABLE").select(key)
        held = accounts.filter(pl.col("category") == "HELD").select("transaction_id")
        told = pl.concat([pl.Series("reference", [], dtype=pl.String), *self._changed, *self._taken_over])
        changed = pl.concat([pl.Series("reference", [], dtype=pl.String), *self._changed])
        stale = active.join(claimed, on=key, how="anti", maintain_order="left")
        stale = stale.join(held, on="transaction_id", how="anti", maintain_order="left")
        stale = stale.filter(~pl.col("reference").is_in(told.implode()))
        replaced = active.filter(pl.col("reference").is_in(changed.implode()))
        for start in range(0, (going := pl.concat([stale, replaced])).height, ROWS_PER_CHUNK):
            part = going.slice(start, ROWS_PER_CHUNK)
            sent = self._as_sent(part.select("report_id", "position"))
            rows = self._regime.cancel(sent.select(list(self._regime.layer.schema)), context)
            keys = sent.join(
                part.select("report_id", "position", *versions.KEY),
                on=["report_id", "position"],
                how="left",
                maintain_order="left",
            )
            origin = keys.select(
                pl.col("batch_id").alias("@batch_id"),
                pl.col("source_line").alias("@source_line"),
                pl.lit(Action.CANCEL.value).alias("@action"),
            )
            yield pl.concat([rows, origin], how="horizontal")

    def _as_sent(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """Field rows (complete) with report_id and position, as they stood in the reports; of each report only the
        parts that hold one of them are read."""
        found = []
        for (report_id,), keys in wanted.group_by(["report_id"], maintain_order=True):
            table = pl.scan_parquet(self._store.local(self._tables[str(report_id)]))
            for part in ((keys["position"] - 1) // ROWS_PER_CHUNK).unique().sort():
                start = part * ROWS_PER_CHUNK
                chunk = table.slice(start, ROWS_PER_CHUNK).collect()
                numbered = chunk.with_row_index("position", offset=start + 1).cast({"position": pl.UInt32})
                hit = numbered.join(keys.select("position"), on="position", how="semi", maintain_order="left")
                if hit.height:
                    whole = self._regime.layer.complete(hit.drop("position"))
                    found.append(whole.with_columns(hit["position"], report_id=pl.lit(report_id)))
        return pl.concat(found, how="diagonal") if found else wanted.clear()


def _content(columns: list[str]) -> pl.Expr:
    """A row's fields as one comparable text."""
    return pl.struct(columns).struct.json_encode()
