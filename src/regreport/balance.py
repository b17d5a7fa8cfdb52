"""The account of a day: every source record in exactly one place, and a residual of zero.

ingested = not reportable + held + duplicate + cancelled + sent and unanswered + accepted + rejected and open, by
entity, regime and date. Each category is counted by a query of its own over its own table, none as a remainder; what
is in no category, or in two, or was never ingested, is the residual and is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from regreport.books import ACCOUNT_SCHEMA, INDEX_SCHEMA, standing_lines
from regreport.model.feedback import Outcome
from regreport.model.report import Action
from regreport.ports import Store

CATEGORIES: Final = ("not_reportable", "held", "duplicate", "cancelled", "unanswered", "accepted", "rejected")
KEY: Final = ["batch_id", "source_line"]
_ANSWER: Final = {
    Outcome.SENT.value: "unanswered",
    Outcome.PENDING.value: "unanswered",
    Outcome.ACCEPTED.value: "accepted",
    Outcome.WARNED.value: "accepted",
    Outcome.REJECTED.value: "rejected",
    Outcome.CANCELLED.value: "cancelled",
}
_IS_NEW: Final = pl.col("action") == Action.NEW.value
_REFUSED: Final = pl.col("outcome") == Outcome.REJECTED.value
_SAID: Final = ("action", "outcome", "report_id", "left", "said_rule", "said")
"""What a line says of its record."""


@dataclass(frozen=True)
class Account:
    """The day of one obligation in numbers. `records` has one row a claim (batch_id, source_line, transaction_id,
    category, rule, reason, report_id); `residual` one row a record that is not in exactly one category, with words."""

    ingested: int
    counts: dict[str, int]
    records: pl.DataFrame
    residual: pl.DataFrame

    def named(self, category: str) -> list[str]:
        """The transaction ids of one category, one a claim."""
        found: list[str] = self.records.filter(pl.col("category") == category)["transaction_id"].to_list()
        return found

    @property
    def done(self) -> bool:
        """Nothing is unaccounted for, held, unanswered or rejected."""
        return self.residual.is_empty() and not any(self.counts[c] for c in ("held", "unanswered", "rejected"))


def balance(ingested: pl.DataFrame, accounts: pl.DataFrame, sent: pl.DataFrame) -> Account:
    """The account of one obligation's day.

    `ingested`: batch_id, source_line, transaction_id of every landed row. `accounts`: ACCOUNT_SCHEMA of the latest
    generate. `sent`: the indexes of all its submissions that matter with outcome, rule, message, report_id, number and
    `left` (whether the submission has been handed over).
    """
    lines = _ordered(sent)
    claims = pl.concat(
        [
            _claim(accounts.filter(pl.col("category") == "DUPLICATE"), "duplicate"),
            _claim(accounts.filter(pl.col("category") == "HELD"), "held"),
            _not_reportable(accounts, lines),
            _replaced(accounts, lines),
            _reported(accounts, lines),
        ]
    )
    counts = {c: claims.filter(pl.col("category") == c).height for c in CATEGORIES}
    return Account(ingested.height, counts, claims, _residual(ingested, claims))


def accounts(store: Store, digest: str) -> pl.DataFrame:
    """The stored accounts of an obligation; empty where it was never generated."""
    return pl.read_parquet(store.local(digest)) if digest else pl.DataFrame(schema=ACCOUNT_SCHEMA)


def waiting(ingested: pl.DataFrame, accounts: pl.DataFrame, reason: str) -> pl.DataFrame:
    """The accounts with the rows of batches that they know nothing of yet as held, with this reason."""
    fresh = ingested.join(accounts.select("batch_id").unique(), on="batch_id", how="anti")
    nothing = [pl.lit(None, dtype=pl.String).alias(c) for c in ("rule", "missing", "reference")]
    held = fresh.with_columns(nothing).with_columns(category=pl.lit("HELD"), reason=pl.lit(reason))
    return pl.concat([accounts, held.select(list(ACCOUNT_SCHEMA))])


def sent(indexes: Sequence[tuple[pl.DataFrame, str, int, bool]]) -> pl.DataFrame:
    """One table from (index with outcomes, report id, submission number, handed over) of every submission."""
    words = dict.fromkeys(("outcome", "rule", "message", "report_id"), pl.String())
    lines = {c: INDEX_SCHEMA[c] for c in ("position", "action", "reference", *KEY)}
    schema = pl.Schema(lines | words | {"number": pl.Int64(), "left": pl.Boolean()})
    frames = [
        rows.with_columns(report_id=pl.lit(report_id), number=pl.lit(number, dtype=pl.Int64), left=pl.lit(left))
        for rows, report_id, number, left in indexes
    ]
    return pl.concat([pl.DataFrame(schema=schema), *(f.select(list(schema)).cast(schema) for f in frames)])


def with_stopped(sent: pl.DataFrame, stopped: pl.DataFrame) -> pl.DataFrame:
    """`sent` and the lines of submissions that validate stopped, where nothing else tells of the source row: these
    records wait; what an earlier submission says of a row stays what it is."""
    return pl.concat([sent, stopped.join(sent, on=[*KEY, "action"], how="anti", maintain_order="left")])


_COLUMNS: Final = [*KEY, "transaction_id", "category", "rule", "reason", "report_id"]


def _claim(rows: pl.DataFrame, category: str) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=pl.String).alias(c) for c in ("rule", "reason", "report_id") if c not in rows.columns]
    return rows.with_columns(missing).with_columns(category=pl.lit(category)).select(_COLUMNS)


def _not_reportable(accounts: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Records that are not reportable; one that was reported before is so once its cancellation has been taken."""
    rows = accounts.filter(pl.col("category") == "NOT_REPORTABLE")
    told = rows.join(_last(lines, rows), on=KEY, how="left", maintain_order="left")
    never = told.filter(pl.col("action").is_null() | _IS_NEW & _REFUSED)
    cancelled = told.filter(pl.col("action") == Action.CANCEL.value)
    return pl.concat([_claim(never, "not_reportable"), _by_cancellation(cancelled, "not_reportable")])


def _replaced(accounts: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Replaced and withdrawn records: cancelled once the authority has taken the cancellation, if one was needed.

    Where the new version is held, the old report still stands with the authority, and counts as what it is. Where the
    new version is what stands already, there is nothing to cancel. A report that stands and should have been cancelled
    is not claimed here: it is left to the residual.
    """
    gone = accounts.filter(pl.col("category") == "SUPERSEDED")
    held = accounts.filter(pl.col("category") == "HELD").select("transaction_id")
    told = gone.join(_last(lines, gone), on=KEY, how="left", maintain_order="left")
    told = told.join(_standing_again(accounts, lines, told), on="reported_as", how="left", maintain_order="left")
    is_cancel = pl.col("action") == Action.CANCEL.value
    again = pl.col("since").is_not_null() & (pl.col("since") <= pl.col("sent_as"))
    nothing_to_do = pl.col("action").is_null() | again & (_IS_NEW | _REFUSED) | _IS_NEW & _REFUSED
    # A line that never left needs no cancellation, unless it is what its held record is waiting in.
    waits = pl.col("transaction_id").is_in(held["transaction_id"].implode())
    nothing_to_do |= _IS_NEW & ~pl.col("left") & ~waits
    rest = told.filter(~nothing_to_do.fill_null(False))
    return pl.concat(
        [
            _claim(told.filter(nothing_to_do), "cancelled"),
            _by_cancellation(rest.filter(is_cancel), "cancelled"),
            _by_answer(rest.filter(_IS_NEW).join(held, on="transaction_id", how="semi", maintain_order="left")),
        ]
    )


def _standing_again(accounts: pl.DataFrame, lines: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Of the references of these replaced records, those that a reportable record has too and that stand as an earlier
    version was sent: reported_as, since."""
    due = accounts.filter(pl.col("category") == "REPORTABLE").select("reference")
    asked = told.select(reference="reported_as").join(due, on="reference", how="semi").unique()
    return _standing(lines, asked).select(reported_as="reference", since="sent_as")


def _standing(lines: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The lines that tell how references stand, where a report of them stands or was refused."""
    return standing_lines(lines.join(asked, on="reference", how="semi", maintain_order="left")).filter(_IS_NEW)


def _reported(accounts: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Reportable records by what was said of their own line, or of an earlier version's line that says the same."""
    due = accounts.filter(pl.col("category") == "REPORTABLE")
    told = lines.filter(_IS_NEW | ~_REFUSED)
    own = due.join(_last(told, due).filter(_IS_NEW), on=KEY, how="inner", maintain_order="left")
    others = due.join(own.select(KEY), on=KEY, how="anti", maintain_order="left")
    stands = _standing(lines, others.select("reference")).select("reference", *_SAID)
    others = others.join(stands, on="reference", how="inner", maintain_order="left")
    return pl.concat([_by_answer(own), _by_answer(others)])


def _ordered(sent: pl.DataFrame) -> pl.DataFrame:
    """The lines in the order they were sent, `sent_as` numbering them."""
    lines = sent.sort("number", "position").with_row_index("sent_as")
    return lines.rename({"rule": "said_rule", "message": "said"})


def _last(lines: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The last line of each of these source rows, with what was said of it and the reference it was sent under."""
    mine = lines.join(rows.select(KEY), on=KEY, how="semi", maintain_order="left")
    last = mine.unique(KEY, keep="last", maintain_order=True)
    return last.select(*KEY, *_SAID, "sent_as", reported_as="reference")


def _by_cancellation(lines: pl.DataFrame, taken: str) -> pl.DataFrame:
    """Claims of records whose last line is a cancellation: `taken` once the authority has taken it."""
    category = (
        pl.when(~pl.col("left")).then(pl.lit("held"))
        .when(pl.col("outcome").is_in([Outcome.ACCEPTED.value, Outcome.WARNED.value])).then(pl.lit(taken))
        .otherwise(pl.col("outcome").replace_strict(_ANSWER, return_dtype=pl.String))
    )  # fmt: skip
    return lines.with_columns(
        category=category,
        rule=pl.coalesce("said_rule", "rule"),
        reason=pl.coalesce("said", "reason"),
    ).select(_COLUMNS)


def _by_answer(lines: pl.DataFrame) -> pl.DataFrame:
    """Claims of records that stand in a report, by what was said of their line."""
    waits = ~pl.col("left")
    return lines.with_columns(
        category=pl.when(waits).then(pl.lit("held")).otherwise(
            pl.col("outcome").replace_strict(_ANSWER, return_dtype=pl.String)
        ),
        rule=pl.coalesce("said_rule", "rule"),
        reason=pl.when(waits).then(pl.lit("In a report that is not known to have been handed over")).otherwise(
            pl.coalesce("said", "reason")
        ),
    ).select(_COLUMNS)  # fmt: skip


def _residual(ingested: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Records in no category, in more than one, or claimed without having been ingested."""
    times = claims.group_by(KEY).len("times")
    unclaimed = ingested.join(times, on=KEY, how="anti").with_columns(problem=pl.lit("is in no category"))
    twice = times.filter(pl.col("times") > 1).with_columns(problem=pl.lit(None, dtype=pl.String))
    unknown = times.join(ingested, on=KEY, how="anti").with_columns(
        problem=pl.lit("is accounted for but was never ingested")
    )
    wrong = pl.concat([twice, unknown]).join(claims, on=KEY, how="left").group_by([*KEY, "problem"])
    named = wrong.agg(pl.first("transaction_id"), pl.col("category").sort().str.join(" and "))
    named = named.with_columns(pl.col("problem").fill_null(pl.format("is counted as {}", "category")))
    columns = [*KEY, "transaction_id", "problem"]
    return pl.concat([unclaimed.select(columns), named.select(columns)]).sort(*KEY, "problem")
