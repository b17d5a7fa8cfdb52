"""One simulated authority: it looks into its inbox, judges every file it has not answered, and puts its answers out.

Answers go out before the books are written: an authority that is stopped between the two says the same again, under
the same name, and never forgets a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from regreport.errors import ConfigurationError
from regreport.simulator.answer import Advice, answer_bytes, answer_name, put
from regreport.simulator.behaviour import LATE_AFTER, ON_PURPOSE_RULE, Behaviour
from regreport.simulator.books import LISTED_SCHEMA, Books, Seen, open_books, save_books
from regreport.simulator.checks import ACCEPTED, PENDING, REJECTED, RULES, unlisted
from regreport.simulator.judge import Verdict, judge
from regreport.simulator.reference import AuthorityReference

WAIT_MAX: Final = timedelta(days=7)
"""How long a record may wait for its instrument (fi.se, 26 November 2018)."""
_AFTER_WAIT: Final = {"CON-411": "CON-412", "CON-471": "CON-472"}
_UNFINISHED: Final = (".part", ".tmp")


@dataclass(frozen=True)
class FileAnswered:
    """What was said of one of our files: its status, the names of the answers, and its records by status."""

    destination: str
    file: str
    status: str
    answers: tuple[str, ...]
    counts: dict[str, int]

    @property
    def answer(self) -> str:
        """The names of the answers as text."""
        return ", ".join(self.answers)


@dataclass(frozen=True)
class Authority:
    """The authority of one destination, over two folders.

    `code` and `firm` are what its headers and file names call it and us.
    """

    destination: str
    code: str
    firm: str
    inbox: Path
    """Where we deliver to."""
    outbox: Path
    """Where we look for answers."""
    memory: Path
    reference: AuthorityReference
    behaviour: Behaviour = Behaviour.ACCEPT

    def answer(self, at: datetime) -> list[FileAnswered]:
        """Look once, at this instant, and answer what is to be answered, in order of arrival.

        Raises ConfigurationError for an instant without zone or where the inbox is not there.
        """
        if at.tzinfo is None:
            raise ConfigurationError(f"The simulator was asked at {at.isoformat()}, which has no zone")
        books = self._registered(open_books(self.memory), at)
        answered: list[FileAnswered] = []
        for key in self._resolvable(books, at):
            books, said = self._resolve(books, key, at)
            answered += said
        for key in [key for key, seen in books.files.items() if not seen.answers and self._is_due(seen, at)]:
            books, one = self._answer_file(books, key, at)
            answered.append(one)
        save_books(self.memory, books)
        return answered

    def _registered(self, books: Books, at: datetime) -> Books:
        """The books with every complete file of the inbox that they did not have."""
        if not self.inbox.is_dir():
            raise ConfigurationError(f"The simulator has no inbox {self.inbox}: nothing was delivered there yet")
        for path in sorted(p for p in self.inbox.iterdir() if p.is_file() and not p.name.endswith(_UNFINISHED)):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            seen = Seen(path.name, digest, at.isoformat())
            if seen.key not in books.files:
                books = books.with_file(seen)
        return books

    def _is_due(self, seen: Seen, at: datetime) -> bool:
        if self.behaviour is Behaviour.NEVER:
            return False
        waited = at - datetime.fromisoformat(seen.seen_at)
        return self.behaviour is not Behaviour.LATE or waited >= LATE_AFTER

    def _answer_file(self, books: Books, key: str, at: datetime) -> tuple[Books, FileAnswered]:
        seen = books.files[key]
        namesakes = [s for s in books.files.values() if s.name == seen.name and s.answers]
        verdict = judge(self.inbox / seen.name, books.held, self.reference, self.behaviour, again=bool(namesakes))
        books, names = self._send(books, verdict.advice, verdict.header, at)
        counts = dict(verdict.advice.counts or {})
        answered_at = at.isoformat()
        listed = _rows(verdict.advice.listed)
        seen = replace(
            seen, header=verdict.header, answers=names, answered_at=answered_at, counts=counts, listed=listed
        )
        books = replace(books.with_file(seen), held=_taken(books.held, verdict, key))
        return books, FileAnswered(self.destination, seen.name, verdict.advice.status, names, counts)

    def _send(
        self, books: Books, advice: Advice, header: dict[str, str], at: datetime
    ) -> tuple[Books, tuple[str, ...]]:
        """Put the answer out, as often as the behaviour asks for."""
        names: list[str] = []
        for _ in range(2 if self.behaviour is Behaviour.TWICE else 1):
            books = replace(books, sequence=books.sequence + 1)
            name = answer_name(self.code, self.firm, books.sequence, at)
            content = answer_bytes(name, advice, header, self.code, self.firm, at)
            names.append(put(self.outbox, f"{name}.xml", content).name)
            if self.behaviour is Behaviour.TWICE and len(names) == 1:
                names.append(put(self.outbox, f"{name}.again.xml", content).name)
        return books, tuple(names)

    def _resolvable(self, books: Books, at: datetime) -> list[str]:
        """Files with records that wait, answered before this instant."""
        waiting = set(books.held.filter(state=PENDING)["file"])
        early = [k for k, s in books.files.items() if s.answered_at and datetime.fromisoformat(s.answered_at) < at]
        quiet = self.behaviour in (Behaviour.NEVER, Behaviour.REJECT_ALL)
        return [] if quiet else [key for key in early if key in waiting]

    def _resolve(self, books: Books, key: str, at: datetime) -> tuple[Books, Iterable[FileAnswered]]:
        """A second answer, when records of a file no longer wait: it lists again everything that is not accepted, so
        that its counts agree with what it lists and what it leaves out."""
        seen = books.files[key]
        waiting = books.held.filter(state=PENDING, file=key)
        told = self._no_longer_waiting(waiting, datetime.fromisoformat(seen.seen_at), at)
        if told.is_empty():
            return books, []
        counts = dict(seen.counts)
        for status, number in told.group_by("status").len().rows():
            counts[status] = counts.get(status, 0) + number
            counts[PENDING] -= number
        status = ACCEPTED if counts.get(ACCEPTED) == sum(counts.values()) else "PART"
        before = pl.DataFrame(list(seen.listed), schema=LISTED_SCHEMA, orient="row")
        still = before.join(told.select("position"), on="position", how="anti")
        whole = pl.concat([still, told.select(list(LISTED_SCHEMA)).cast(LISTED_SCHEMA)]).sort("position", "rule")
        books, names = self._send(books, Advice(status, (), whole, counts), dict(seen.header), at)
        listed = _rows(whole.filter(pl.col("status") != ACCEPTED))
        seen = replace(seen, answers=(*seen.answers, *names), answered_at=at.isoformat(), counts=counts, listed=listed)
        return replace(books.with_file(seen), held=_settled(books.held, told)), [
            FileAnswered(self.destination, seen.name, status, names, counts)
        ]

    def _no_longer_waiting(self, waiting: pl.DataFrame, seen_at: datetime, at: datetime) -> pl.DataFrame:
        """Rows of what is to be told: position, record_id, status, rule, words."""
        rows = waiting.sort("position")
        still = pl.DataFrame(schema={"position": pl.Int64, "rule": pl.String})
        if self.reference.instruments is not None:
            still = pl.concat(unlisted(rows, self.reference.instruments))
        still = still.unique("position", keep="first").rename({"rule": "missing"})
        judged = rows.filter(pl.col("rule") != ON_PURPOSE_RULE).join(still, on="position", how="left")
        listed = judged.filter(pl.col("missing").is_null())
        freed = pl.concat([rows.filter(rule=ON_PURPOSE_RULE), listed.drop("missing")])
        accepted = _told(freed, ACCEPTED, pl.lit(None, dtype=pl.String))
        if at - seen_at < WAIT_MAX:
            return accepted
        over = judged.filter(pl.col("missing").is_not_null())
        rejected = _told(over, REJECTED, pl.col("missing").replace(_AFTER_WAIT))
        return pl.concat([accepted, rejected]).sort("position")


def _rows(listed: pl.DataFrame | None) -> tuple[tuple[int, str, str, str | None, str | None], ...]:
    """The listed records as the books keep them."""
    return () if listed is None else tuple(listed.select(list(LISTED_SCHEMA)).rows())


def _told(rows: pl.DataFrame, status: str, rule: pl.Expr) -> pl.DataFrame:
    words = pl.col("rule").replace_strict({k: w for k, (_, w) in RULES.items()}, default=None, return_dtype=pl.String)
    named = rows.select("position", "record_id", status=pl.lit(status), rule=rule.cast(pl.String))
    return named.with_columns(words=words)


def _taken(held: pl.DataFrame, verdict: Verdict, key: str) -> pl.DataFrame:
    """The records held after a file: what it cancelled is gone, what it brought is there."""
    gone = verdict.removed.implode()
    kept = held.filter(~pl.col("record_id").is_in(gone))
    return pl.concat([kept, verdict.held.with_columns(file=pl.lit(key)).select(held.columns).cast(held.schema)])


def _settled(held: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The records held after some of them were told to wait no longer."""
    accepted = pl.col("record_id").is_in(told.filter(status=ACCEPTED)["record_id"].implode())
    rejected = pl.col("record_id").is_in(told.filter(status=REJECTED)["record_id"].implode())
    return held.filter(~rejected).with_columns(state=pl.when(accepted).then(pl.lit(ACCEPTED)).otherwise("state"))
