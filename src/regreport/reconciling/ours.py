"""Our side of a reconciliation: what the authority should hold by our books, and where every source record is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from regreport import books, inputs, pipeline
from regreport.engine.spool import ROWS_PER_CHUNK
from regreport.model.ledger import ObligationState
from regreport.model.report import Submission
from regreport.pipeline import Home
from regreport.pipeline.accounting import HANDED_OVER
from regreport.reconcile import Leaf, fingerprint, texts
from regreport.reconcile.buckets import OURS_SCHEMA, SOURCE_SCHEMA
from regreport.regime import Regime

_STATUS = {
    "SENT": "unanswered",
    "PENDING": "pending",
    "ACCEPTED": "accepted",
    "WARNED": "accepted",
    "REJECTED": "rejected",
    "CANCELLED": "cancelled",
}
_LINE = ["report_id", "position"]


class Ours:
    """The books of some obligations of one regime, and the values that were reported."""

    def __init__(self, home: Home, regime: Regime, states: Sequence[ObligationState], wanted: Sequence[Leaf]) -> None:
        self._home, self._regime, self._wanted, self._states = home, regime, wanted, states
        self._submissions: dict[str, Submission] = {}
        self.keys = pl.concat([pl.DataFrame(schema=OURS_SCHEMA), *(self._keys(s) for s in states)])

    def also(self, states: Iterable[ObligationState], asked: pl.DataFrame) -> None:
        """Add what other days say of these references (column reference): an extract may date a report otherwise."""
        for state in states:
            if not state.state_digest or asked.is_empty():
                continue
            there = books.scan(self._home.store, state.state_digest).join(asked.lazy(), on="reference", how="semi")
            if (lines := there.collect()).height:
                self._know(state)
                self.keys = pl.concat([self.keys, self._told(state, lines)])

    def _know(self, state: ObligationState) -> list[Submission]:
        found = self._home.submissions(state.obligation.obligation_id)
        self._submissions |= {s.report_id: s for s in found}
        return found

    def _keys(self, state: ObligationState) -> pl.DataFrame:
        lines = books.read(self._home.store, self._know(state))
        return self._told(state, lines) if lines.height else pl.DataFrame(schema=OURS_SCHEMA)

    def _told(self, state: ObligationState, lines: pl.DataFrame) -> pl.DataFrame:
        """OURS_SCHEMA of some lines of an obligation's books."""
        sent = [self._values(report_id, rows) for report_id, rows in _by_report(lines)]
        on = state.obligation.report_date.isoformat()
        left = [s.report_id for s in self._submissions.values() if s.status in HANDED_OVER]
        days = {s.report_id: s.delivered_at.date().isoformat() for s in self._submissions.values() if s.delivered_at}
        status = pl.col("outcome").replace_strict(_STATUS, default="unanswered", return_dtype=pl.String)
        told = lines.join(pl.concat(sent), on=_LINE, how="left", maintain_order="left")
        told = told.with_columns(
            entity=pl.coalesce("entity", pl.lit(state.obligation.entity)),
            day=pl.lit(on),
            status=pl.when(pl.col("report_id").is_in(left)).then(status).otherwise(pl.lit("not delivered")),
            since=pl.col("report_id").replace_strict(days, default=on, return_dtype=pl.String),
        )
        return told.select(list(OURS_SCHEMA)).cast(OURS_SCHEMA)

    def _values(self, report_id: str, positions: pl.Series) -> pl.DataFrame:
        """report_id, position, executing entity and fingerprint of some lines of a report."""
        found = [
            part.select(*_LINE, entity="executing_entity", print=fingerprint(self._wanted))
            for part in self._lines(report_id, positions)
        ]
        schema = {"report_id": pl.String(), "position": pl.UInt32(), "entity": pl.String(), "print": pl.UInt64()}
        return pl.concat([pl.DataFrame(schema=schema), *found])

    def _lines(self, report_id: str, positions: pl.Series) -> Iterator[pl.DataFrame]:
        """Leaf texts of lines of a report with report_id, position and executing_entity, chunk by chunk; chunks that
        hold none of them are not read."""
        path = self._home.store.local(self._submissions[report_id].fields_digest)
        layer = self._regime.layer
        table = pl.scan_parquet(path)
        for part in ((positions - 1) // ROWS_PER_CHUNK).unique().sort():
            start = part * ROWS_PER_CHUNK
            chunk = table.slice(start, ROWS_PER_CHUNK).collect()
            numbered = chunk.with_row_index("position", offset=start + 1).cast({"position": pl.UInt32})
            hit = numbered.filter(pl.col("position").is_in(positions.implode()))
            whole = layer.complete(hit.drop("position"))
            values = texts(whole, layer, self._wanted)
            if "executing_entity" not in values.columns:
                values = values.with_columns(whole["executing_entity"])
            yield values.with_columns(hit["position"], report_id=pl.lit(report_id))

    def rows(self, asked: pl.DataFrame) -> pl.DataFrame:
        """Leaf texts of these lines (report_id, position), in the order asked."""
        found = [part for report_id, rows in _by_report(asked) for part in self._lines(report_id, rows)]
        return asked.select(_LINE).join(pl.concat(found, how="diagonal"), on=_LINE, how="left", maintain_order="left")

    def source(self) -> pl.DataFrame:
        """SOURCE_SCHEMA of every source record of these days."""
        found = [pl.DataFrame(schema=SOURCE_SCHEMA)]
        for state in self._states:
            claims = pipeline.account(self._home, state).records
            batches = self._home.batches(state)
            if not batches or claims.is_empty():
                continue
            rows = inputs.source_day(self._home.store, batches).rows
            names = rows.select(
                "batch_id", "source_line", reference=_reference(rows.collect_schema().names())
            ).collect()
            told = claims.join(names, on=["batch_id", "source_line"], how="left", maintain_order="left").with_columns(
                entity=pl.lit(state.obligation.entity),
                day=pl.lit(state.obligation.report_date.isoformat()),
                why=pl.concat_str("rule", "reason", separator=": ", ignore_nulls=True),
            )
            found.append(told.select(list(SOURCE_SCHEMA)).cast(SOURCE_SCHEMA))
        return pl.concat(found)

    def source_rows(self, asked: pl.DataFrame) -> pl.DataFrame:
        """The landed rows of these source rows (batch_id, source_line), in the order asked, columns that are leaves."""
        key = ["batch_id", "source_line"]
        plain = [leaf.column for leaf in self._wanted]
        found = [asked.select(key).clear()]
        for state in self._states:
            for batch in self._home.batches(state):
                if batch.batch_id not in asked["batch_id"]:
                    continue
                table = pl.scan_parquet(self._home.store.local(batch.digest))
                there = table.collect_schema()
                columns = [c for c in plain if c in there and there[c] == pl.String]
                mine = asked.lazy().filter(pl.col("batch_id") == batch.batch_id).select(key)
                found.append(table.select(*key, *columns).join(mine, on=key, how="semi").collect())
        return asked.select(key).join(pl.concat(found, how="diagonal"), on=key, how="left", maintain_order="left")


def _by_report(lines: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    for (report_id,), rows in lines.group_by(["report_id"], maintain_order=True):
        yield str(report_id), rows["position"].unique()


def _reference(columns: Sequence[str]) -> pl.Expr:
    return pl.coalesce([c for c in ("transaction_reference", "transaction_id") if c in columns])
