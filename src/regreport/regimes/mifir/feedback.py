"""The authority's answer to a MiFIR file: auth.031 read to a file status and record outcomes, with every reason.

A status advice lists the records that are not simply accepted. What it does not list is accepted, but only where the
file is accepted or partly accepted and the counts in the message agree with what it lists; an answer whose counts are
missing or do not add up may not be used (it is quarantined) and says why. A record waiting for its instrument's
reference data is pending for up to seven days (CON-411) and then accepted or rejected by a later answer.

Source: auth.031.001.01; ESMA/2016/1521 paragraphs 110 and 111 (as reproduced by third parties); Finansinspektionen,
notice of 26 November 2018 (CON-411, CON-412). The record identifier (LEI of the executing entity, then the transaction
reference) is read off samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import PurePath
from typing import BinaryIO, Final

import polars as pl

from regreport.engine.check import check
from regreport.engine.parse import read_all
from regreport.errors import BadInput, UnknownMessage
from regreport.messages import identify, load
from regreport.model.feedback import OUTCOME_COLUMNS, FileAnswer, FileStatus, Outcome
from regreport.regimes.mifir.layout import FEEDBACK_MESSAGE, HEADER, PARTY

RECORD_ID_COLUMNS: Final = ("executing_entity", "transaction_reference")
PENDING_DAYS_MAX: Final = 7
"""Calendar days that a record may wait for reference data."""
PENDING_RULES: Final = ("CON-411", "CON-471")
"""Codes of a record that waits: its instrument or an underlying is not in the reference data yet."""
CANCELLATION_CODES: Final = frozenset({"CON-024"})
"""Codes that only a cancellation can earn: there is no report to cancel."""
UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Creation time of an answer without a header: before any other."""

OUTCOME_SCHEMA: Final = pl.Schema(dict.fromkeys(OUTCOME_COLUMNS, pl.String()))

FILE_STATUS: Final[Mapping[str, FileStatus]] = {
    "ACPT": FileStatus.ACCEPTED,
    "PART": FileStatus.PARTIAL,
    "RJCT": FileStatus.REJECTED,
    "INCF": FileStatus.REJECTED,
    "CRPT": FileStatus.REJECTED,
    "RCVD": FileStatus.RECEIVED,
    "ACTC": FileStatus.RECEIVED,
    "WARN": FileStatus.RECEIVED,
}
"""Status of a message -> ours. WARN and ACTC are taken as received: what they list counts, what they do not list is not
accepted by them. A reminder (RMDR) changes nothing."""
REJECTED_WORDS: Final = {"INCF": "The file name is wrong", "CRPT": "The file cannot be read"}

RECORD_STATUS: Final[Mapping[str, Outcome]] = {
    "ACPT": Outcome.ACCEPTED,
    "ACPD": Outcome.ACCEPTED,
    "PDNG": Outcome.PENDING,
    "RCVD": Outcome.SENT,
    "RJCT": Outcome.REJECTED,
    "RJPD": Outcome.REJECTED,
    "WARN": Outcome.WARNED,
}
COUNTED: Final = (FileStatus.ACCEPTED, FileStatus.PARTIAL)
"""Statuses under which a record that is not listed is accepted, if the counts agree."""
_OUTCOME_OF_CODE: Final = {code: outcome.value for code, outcome in RECORD_STATUS.items()}
_REASON = pl.Struct({"Id": pl.String, "Desc": pl.String})


def record_ids(table: pl.DataFrame) -> pl.Expr:
    """The record id as feedback writes it: LEI of the executing entity and transaction reference, without a gap.

    `table`: a field table; only its two columns count.
    """
    return pl.concat_str(*(pl.col(c) for c in RECORD_ID_COLUMNS))


def pending_until(answered_at: datetime) -> datetime:
    """Until when a record that was pending in an answer may stay so: seven calendar days after it."""
    return answered_at + timedelta(days=PENDING_DAYS_MAX)


def read_feedback(stream: BinaryIO, name: str) -> list[FileAnswer]:
    """One answer a file of ours that is named in a status advice, with or without envelope.

    `name` is the answer's own file name. Raises NotWellFormed for what is no XML, UnknownMessage for another message,
    BadInput naming the first place that is not as auth.031 has it: such a file is kept, but nothing follows from it.
    """
    content = stream.read()
    found, _ = identify(BytesIO(content))
    if found.id != FEEDBACK_MESSAGE:
        raise UnknownMessage(f"is {found.id}, not an answer", f"Expected: {FEEDBACK_MESSAGE}", name, value=found.id)
    message = load(FEEDBACK_MESSAGE)
    head, records, faults = read_all(message, BytesIO(content))
    findings = pl.concat([faults, check(message, records, head=head)]) if records.height else faults
    if findings.height or not records.height:
        first = findings.row(0, named=True) if findings.height else {}
        problem = first.get("message") or "answers no file"
        raise BadInput(f"is no valid {FEEDBACK_MESSAGE}: {problem}", file=name, field=first.get("path") or "")
    header = _Header(head, name)
    return [_answer(header, _Advice(records.slice(place, 1))) for place in range(records.height)]


class _Header:
    """What the business message header says; empty text where there is none."""

    def __init__(self, head: pl.DataFrame, name: str) -> None:
        message = load(FEEDBACK_MESSAGE)

        def value(path: str) -> str:
            return message.head_value(head, f"{HEADER}/{path}") or ""

        self.identifier = value("BizMsgIdr") or PurePath(name).name.partition(".")[0]
        self.related = value("Rltd/BizMsgIdr")
        self.sender = value(f"Fr/{PARTY}")
        self.recipient = value(f"To/{PARTY}")
        created = value("CreDt").strip()
        try:
            self.created_at = datetime.fromisoformat(created) if created else UNDATED
        except ValueError as problem:
            raise BadInput("is no instant", file=name, field=f"{HEADER}/CreDt", value=created) from problem
        if self.created_at.tzinfo is None:
            raise BadInput("has no time zone", file=name, field=f"{HEADER}/CreDt", value=created)


class _Advice:
    """One StsAdvc, from its row: what it says of the file, of its counts, and the records that it lists (columns)."""

    def __init__(self, row: pl.DataFrame) -> None:
        self.file = _text(row, "MsgRptIdr")
        self.code = _text(row, "MsgSts/Sts")
        self.status = FILE_STATUS.get(self.code, FileStatus.RECEIVED)
        total = _text(row, "MsgSts/Sttstcs/TtlNbOfRcrds")
        self.total = int(total) if total else None
        self.reasons = _reasons(self.code, _inner(row, "MsgSts/VldtnRule", "Id", "Desc"))
        self.counts: dict[Outcome, int] = {}
        for number, code in _inner(row, "MsgSts/Sttstcs/NbOfRcrdsPerSts", "DtldNbOfRcrds", "DtldSts").rows():
            self.counts[RECORD_STATUS[code]] = self.counts.get(RECORD_STATUS[code], 0) + int(number)
        self.records = _inner(row, "RcrdSts", "OrgnlRcrdId", "Sts", "VldtnRule")

    @property
    def outcomes(self) -> pl.DataFrame:
        """The listed records, one row a record and reason, as OUTCOME_SCHEMA."""
        rules = self.records.get_column("VldtnRule")
        reasons = rules if isinstance(rules.dtype, pl.List) else rules.cast(pl.List(_REASON))
        rows = self.records.with_columns(reasons).explode("VldtnRule", empty_as_null=True, keep_nulls=True)
        reason = rows.get_column("VldtnRule").struct.unnest()
        rows = _with_columns(rows.drop("VldtnRule").hstack(reason), "Id", "Desc")
        outcome = pl.col("Sts").replace_strict(_OUTCOME_OF_CODE, return_dtype=pl.String)
        return rows.select(reference="OrgnlRcrdId", outcome=outcome, rule="Id", message="Desc")


def _text(row: pl.DataFrame, column: str) -> str:
    return (row.item(0, column) or "") if column in row.columns else ""


def _inner(row: pl.DataFrame, column: str, *names: str) -> pl.DataFrame:
    """The elements of a list column of one row as a frame with these columns, null where they are absent."""
    frame = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    if column in row.columns and row.item(0, column) is not None:
        frame = row.get_column(column).explode().struct.unnest()
    return _with_columns(frame, *names).select(names)


def _with_columns(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """The frame with these text columns too, null where it does not have them."""
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(n) for n in names if n not in frame.columns)


def _reasons(code: str, rules: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    given = tuple((rule or "", words or "") for rule, words in rules.rows())
    return given or (((code, REJECTED_WORDS[code]),) if code in REJECTED_WORDS else ())


def _answer(header: _Header, advice: _Advice) -> FileAnswer:
    outcomes = advice.outcomes
    return FileAnswer(
        message_id=advice.file or header.related,
        feedback_id=header.identifier,
        created_at=header.created_at,
        status=advice.status,
        outcomes=outcomes,
        reasons=advice.reasons,
        records_total=advice.total,
        counts=advice.counts,
        sender=header.sender,
        recipient=header.recipient,
        quarantine=next(_doubts(header, advice, outcomes), ""),
    )


def _doubts(header: _Header, advice: _Advice, outcomes: pl.DataFrame) -> Iterator[str]:
    """Reasons why an answer may not be used, the first one first."""
    if not (advice.file or header.related):
        yield "names no file: neither MsgRptIdr nor a related business message identifier is given"
    if advice.file and header.related and advice.file != header.related:
        yield f"names two files: {advice.file!r} in MsgRptIdr, {header.related!r} in its header"
    if advice.code == "RMDR":
        yield "is a reminder (RMDR), from which nothing follows; see what is overdue"
    said = outcomes.unique(("reference", "outcome")).group_by("reference").len().filter(pl.col("len") > 1)
    if said.height:
        yield f"says two different things of record {said['reference'].min()!r}"
    if advice.status in COUNTED:
        yield from _miscounts(advice)


def _miscounts(advice: _Advice) -> Iterator[str]:
    """What is wrong with the counts of an accepted or partly accepted file."""
    if advice.total is None:
        yield f"says {advice.code} without counts, so what it does not list cannot be taken as accepted"
        return
    if sum(advice.counts.values()) != advice.total:
        yield f"counts {advice.total} records in all, but {sum(advice.counts.values())} by status"
    codes = advice.records.get_column("Sts")
    listed = {o: sum(int((codes == c).sum()) for c, known in RECORD_STATUS.items() if known is o) for o in Outcome}
    for outcome in Outcome:
        counted = advice.counts.get(outcome, 0)
        if outcome is Outcome.ACCEPTED and listed[outcome] > counted:
            yield f"lists {listed[outcome]} accepted records, but counts {counted}"
        if outcome is not Outcome.ACCEPTED and listed[outcome] != counted:
            yield f"lists {listed[outcome]} records as {outcome.value}, but counts {counted}"
    unlisted = advice.total - advice.records.height
    if unlisted != advice.counts.get(Outcome.ACCEPTED, 0) - listed[Outcome.ACCEPTED]:
        yield f"counts {advice.counts.get(Outcome.ACCEPTED, 0)} accepted records, but leaves {unlisted} unlisted"
