"""The messages that this version knows: one compiled table a version, and how they are put together.

A table holds facts (names, order, cardinality, limits of values). The ISO 20022 base schemas are royalty-free; for
auth.016.001.01 and head.003.001.01 the table is the published structure, compiled from no schema file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from regreport.engine.message import Message, make_message
from regreport.engine.parse import identify as find_message
from regreport.engine.table import Node, read_table
from regreport.errors import UnknownMessage

FOLDER = Path(__file__).parent
ENVELOPE = "head.003.001.01"
HEADER = "head.001.001.01"


@dataclass(frozen=True)
class Known:
    """A message that this version knows: what it is, and the group of records inside its Document."""

    title: str
    record_path: str


MESSAGES: dict[str, Known] = {
    "auth.016.001.01": Known("Transaction reports (MiFIR, RTS 22)", "Document/FinInstrmRptgTxRpt/Tx"),
    "auth.016.001.03": Known("Transaction reports, later base version", "Document/FinInstrmRptgTxRpt/Tx"),
    "auth.031.001.01": Known("Status advice: the authority's answer", "Document/FinInstrmRptgStsAdvc/StsAdvc"),
}


@lru_cache(maxsize=64)
def load(message_id: str) -> Message:
    """The message by its id. Raises UnknownMessage, naming those that are known."""
    known = MESSAGES.get(message_id)
    if known is None:
        listed = ", ".join(sorted(MESSAGES))
        raise UnknownMessage("this version does not know that message", f"Known: {listed}", value=message_id)
    return make_message(message_id, table(message_id), known.record_path, table(ENVELOPE), table(HEADER))


@lru_cache(maxsize=64)
def table(table_id: str) -> Node:
    """The compiled table of a message or of a part of the envelope, as it is kept (see `engine.table`)."""
    return read_table(FOLDER / f"{table_id}.csv")


def identify(source: Path | str | BinaryIO) -> tuple[Message, bool]:
    """The message of a document and whether it is enveloped, from its first elements; a stream is not rewound.

    Raises NotWellFormed for what is refused as XML, UnknownMessage where it is no message that this version knows.
    """
    return find_message({load(name).namespace: load(name) for name in MESSAGES}, source)


def by_namespace() -> dict[str, str]:
    """The ids of the known messages by the namespace of their Document."""
    return {table(message_id).namespace: message_id for message_id in MESSAGES}
