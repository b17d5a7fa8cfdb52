"""What a simulated authority makes of one file: well-formed, valid, record by record, and in order with its books."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from regreport.engine.check import check, check_records_present
from regreport.engine.parse import Reader, parse
from regreport.errors import NotWellFormed, UnknownMessage
from regreport.messages import load
from regreport.simulator.answer import OUR_HEADER, Advice
from regreport.simulator.behaviour import ON_PURPOSE_RULE, SHARE, Behaviour
from regreport.simulator.books import HELD_SCHEMA
from regreport.simulator.checks import ACCEPTED, BROKEN_SCHEMA, PENDING, REJECTED, RULES, broken, identified
from regreport.simulator.reference import AuthorityReference

MESSAGE: Final = "auth.016.001.01"
ON_PURPOSE: Final = "Rejected by the simulator because it was told to"
KEPT_WAITING: Final = "Kept waiting by the simulator because it was told to"
_IDENTIFIER_MAX: Final = 35


def _nobody() -> pl.Series:
    return pl.Series("record_id", [], dtype=pl.String)


@dataclass(frozen=True)
class Verdict:
    """What is said of a file, what our header said, and what changes in the authority's books.

    `held`: HELD_SCHEMA without `file`, the records that were taken (accepted or waiting); `removed`: the record ids
    that are cancelled or replaced by it.
    """

    advice: Advice
    header: dict[str, str]
    held: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=HELD_SCHEMA))
    removed: pl.Series = field(default_factory=_nobody)


def judge(
    path: Path, held: pl.DataFrame, reference: AuthorityReference, behaviour: Behaviour, *, again: bool
) -> Verdict:
    """Judge one file against the records held so far. `again`: another file of this name was answered before."""
    reader = parse(load(MESSAGE), path)
    stem = path.name.partition(".")[0]
    unread = {"message_id": stem if len(stem) <= _IDENTIFIER_MAX else ""}
    try:
        records, faults, fault = _read(reader, reference)
    except NotWellFormed as problem:
        return _refused("CRPT", "FIL-101", f"The file cannot be read: {problem.problem}", unread)
    except UnknownMessage as problem:
        return _refused(REJECTED, "FIL-104", f"The file is not {MESSAGE}: {problem.problem}", unread)
    header = _our_header(reader) or unread
    if again:
        return _refused(REJECTED, "FIL-107", "A file of this name was submitted before", header)
    if header["message_id"] != stem:
        return _refused("INCF", "SIM-NAME", "The file's name is not its business message identifier", header)
    if header.get("definition", MESSAGE) != MESSAGE:
        return _refused(REJECTED, "FIL-104", "The header announces another message", header)
    if fault:
        return _refused(REJECTED, "FIL-105", f"The file does not match the schema: {fault}", header)
    if behaviour is Behaviour.REJECT_ALL:
        return _refused(REJECTED, ON_PURPOSE_RULE, ON_PURPOSE, header)
    faults = pl.concat([faults, _on_purpose(records, behaviour)])
    return _record_by_record(records, faults, held, header, behaviour)


def _refused(status: str, rule: str, words: str, header: dict[str, str]) -> Verdict:
    return Verdict(Advice(status, ((rule, words),)), header)


def _read(reader: Reader, reference: AuthorityReference) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    """(what `identified` says of all records, BROKEN_SCHEMA, the first structural fault or '')."""
    known: list[pl.DataFrame] = []
    faults = [pl.DataFrame(schema=BROKEN_SCHEMA)]
    problem = ""
    first = 0
    for frame in reader:
        found = check(reader.message, frame, first_record=first + 1)
        problem = problem or _words(found)
        known.append(identified(frame, first))
        faults.append(broken(frame, known[-1], reference))
        first += frame.height
    around = check(reader.message, None, head=reader.head)
    empty = check_records_present(reader.message, reader.head, reader.records)
    problem = problem or _words(reader.faults) or _words(around) or _words(empty)
    return pl.concat(known) if known else _no_records(), pl.concat(faults), problem


def _no_records() -> pl.DataFrame:
    return identified(pl.DataFrame({"New/TxId": []}, schema={"New/TxId": pl.String}), 0)


def _words(findings: pl.DataFrame) -> str:
    if findings.is_empty():
        return ""
    first = findings.row(0, named=True)
    return f"record {first['record']}: {first['message']}" if first["record"] else str(first["message"])


def _our_header(reader: Reader) -> dict[str, str]:
    said = {key: reader.message.head_value(reader.head, path) or "" for key, path in OUR_HEADER.items()}
    return said if said["message_id"] else {}


def _on_purpose(records: pl.DataFrame, behaviour: Behaviour) -> pl.DataFrame:
    """The share of the new records that is rejected or kept waiting because the simulator was told to."""
    if behaviour not in (Behaviour.REJECT_SOME, Behaviour.PENDING):
        return pl.DataFrame(schema=BROKEN_SCHEMA)
    new = records.filter("new").with_row_index("@rank").filter(pl.col("@rank") % SHARE == 0)
    return new.select("position", rule=pl.lit(ON_PURPOSE_RULE))


def _record_by_record(
    records: pl.DataFrame, faults: pl.DataFrame, held: pl.DataFrame, header: dict[str, str], behaviour: Behaviour
) -> Verdict:
    on_purpose = (PENDING, KEPT_WAITING) if behaviour is Behaviour.PENDING else (REJECTED, ON_PURPOSE)
    rules = RULES | {ON_PURPOSE_RULE: on_purpose}
    faults = faults.with_columns(status=pl.col("rule").replace_strict({r: s for r, (s, _) in rules.items()}))
    out_of_order = _out_of_order(records, faults.filter(status=REJECTED)["position"], held["record_id"])
    faults = pl.concat([faults, out_of_order.with_columns(status=pl.lit(REJECTED))])
    worst = faults.group_by("position").agg(status=pl.col("status").sort_by(pl.col("status") == PENDING).first())
    stated = records.join(worst, on="position", how="left", maintain_order="left")
    stated = stated.with_columns(pl.col("status").fill_null(ACCEPTED))
    reasons = faults.join(worst, on=["position", "status"], how="semi").with_columns(
        words=pl.col("rule").replace_strict({r: w for r, (_, w) in rules.items()})
    )
    listed = reasons.join(records.select("position", "record_id"), on="position").sort("position", "rule")
    counts = dict(stated.group_by("status").len().sort("status").rows())
    status = ACCEPTED if set(counts) <= {ACCEPTED} else "PART"
    return Verdict(Advice(status, (), listed, counts), header, *_changes(stated, faults))


def _out_of_order(records: pl.DataFrame, rejected: pl.Series, active: pl.Series) -> pl.DataFrame:
    """CON-023 and CON-024 as BROKEN_SCHEMA: a new record that is there, a cancellation of one that is not.

    Order inside the file counts: a reference may be used again after its cancellation. Most references occur once and
    are judged as columns; only those that occur more often are walked through.
    """
    state = records.select("position", "record_id", "new", active=pl.col("record_id").is_in(active.implode()))
    often = state["record_id"].is_duplicated()
    once = state.filter(~often).filter(pl.col("new") == pl.col("active"))
    found = once.select("position", rule=pl.when("new").then(pl.lit("CON-023")).otherwise(pl.lit("CON-024")))
    refused = set(rejected.to_list())
    now: dict[str, bool] = {}
    walked: list[tuple[int, str]] = []
    for position, record_id, new, was in state.filter(often).sort("position").rows():
        there = now.get(record_id, was)
        if new == there:
            walked.append((position, "CON-023" if new else "CON-024"))
        elif position not in refused:
            now[record_id] = new
    return pl.concat([found, pl.DataFrame(walked, schema=BROKEN_SCHEMA, orient="row")])


def _changes(stated: pl.DataFrame, faults: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """(records taken, record ids that are gone or replaced): the last effective line of each reference counts."""
    effective = stated.filter(pl.col("status") != REJECTED).unique("record_id", keep="last", maintain_order=True)
    waits_for = faults.filter(status=PENDING).unique("position", keep="first").select("position", "rule")
    new = effective.filter("new").join(waits_for, on="position", how="left", maintain_order="left")
    taken = new.select("record_id", "rule", "isin", "underlyings", "trade_date", "position", state=pl.col("status"))
    return taken, effective["record_id"]
