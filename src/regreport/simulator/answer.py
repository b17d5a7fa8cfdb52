"""The answer as a file: auth.031 in its envelope, named and numbered as authorities do, put there whole.

`<authority>_FDBTRA_<firm>_<number>_<year>.xml`; the business message identifier is the name without its ending, and the
header's Rltd names our file. Only records that are not simply accepted are listed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

from regreport.engine.render import render
from regreport.messages import load

MESSAGE: Final = "auth.031.001.01"
HEADER: Final = "/BizData/Hdr/AppHdr"
PARTY: Final = "OrgId/Id/OrgId/Othr/Id"
OUR_HEADER: Final = {
    "sender": f"{HEADER}/Fr/{PARTY}",
    "recipient": f"{HEADER}/To/{PARTY}",
    "message_id": f"{HEADER}/BizMsgIdr",
    "definition": f"{HEADER}/MsgDefIdr",
    "created": f"{HEADER}/CreDt",
}
_DESCRIPTION_MAX: Final = 350
_IDENTIFIER_MAX: Final = 35
_RULE: Final = pl.Struct({"Id": pl.String, "Desc": pl.String})


@dataclass(frozen=True)
class Advice:
    """What is said of one file: its status, why (rule, words), and the records that are listed.

    `listed`: one row a record and reason with record_id, status, rule and words (both null without a reason), in order
    of the records. `counts` is by record status over the whole file; empty where the file was not looked into.
    """

    status: str
    reasons: tuple[tuple[str, str], ...] = ()
    listed: pl.DataFrame | None = None
    counts: Mapping[str, int] | None = None


def answer_name(authority: str, firm: str, number: int, at: datetime) -> str:
    """The identifier of an answer; the firm's code is left out where it would be longer than 35 characters."""
    name = f"{authority}_FDBTRA_{firm}_{number:06d}_{at:%y}"
    return name if len(name) <= _IDENTIFIER_MAX else f"FDBTRA_{number:06d}_{at:%y}"


def answer_bytes(
    name: str, advice: Advice, header: Mapping[str, str], authority: str, firm: str, at: datetime
) -> bytes:
    """The file. `header` is what our file's header said (keys of OUR_HEADER); without it there is no Rltd."""
    message = load(MESSAGE)
    instant = f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    values = {
        f"{HEADER}/Fr/{PARTY}": authority,
        f"{HEADER}/To/{PARTY}": firm,
        f"{HEADER}/BizMsgIdr": name,
        f"{HEADER}/MsgDefIdr": MESSAGE,
        f"{HEADER}/CreDt": instant,
    }
    if all(header.get(key) for key in OUR_HEADER):
        values |= {path.replace("/AppHdr/", "/AppHdr/Rltd/"): header[key] for key, path in OUR_HEADER.items()}
    record = _advice_row(advice, header["message_id"])
    return b"".join(bytes(piece) for piece in render(message, message.head(values), record))


def _advice_row(advice: Advice, message_id: str) -> pl.DataFrame:
    row: dict[str, pl.Series] = {
        "MsgRptIdr": pl.Series([message_id]),
        "MsgSts/Sts": pl.Series([advice.status]),
    }
    if advice.reasons:
        reasons = [{"Id": rule, "Desc": words[:_DESCRIPTION_MAX]} for rule, words in advice.reasons]
        row["MsgSts/VldtnRule"] = pl.Series([reasons], dtype=pl.List(_RULE))
    if advice.counts:
        counted = [{"DtldNbOfRcrds": str(n), "DtldSts": s} for s, n in sorted(advice.counts.items()) if n]
        row["MsgSts/Sttstcs/TtlNbOfRcrds"] = pl.Series([str(sum(advice.counts.values()))])
        row["MsgSts/Sttstcs/NbOfRcrdsPerSts"] = pl.Series([counted])
    if advice.listed is not None and advice.listed.height:
        row["RcrdSts"] = pl.Series([_listed(advice.listed)])
    return pl.DataFrame(row)


def _listed(listed: pl.DataFrame) -> pl.Series:
    """The listed records as elements: one a record, with its reasons below it."""
    reason = pl.struct(pl.col("rule").alias("Id"), pl.col("words").str.head(_DESCRIPTION_MAX).alias("Desc"))
    rows = listed.group_by("position", "record_id", "status", maintain_order=True).agg(
        reason.filter(pl.col("rule").is_not_null()).alias("VldtnRule")
    )
    told = rows.select(
        pl.col("record_id").alias("OrgnlRcrdId"),
        pl.col("status").alias("Sts"),
        pl.when(pl.col("VldtnRule").list.len() > 0).then("VldtnRule").alias("VldtnRule"),
    )
    return told.to_struct("RcrdSts")


def put(folder: Path, name: str, content: bytes) -> Path:
    """Write a file as `name.part` and rename it when it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    part.write_bytes(content)
    os.replace(part, folder / name)
    return folder / name
