"""The layout of a MiFIR file: its name, its business message header, and what is wrong with them.

A file is one XML document: BizData (head.003) around the application header (head.001) and the Document (auth.016).
The header's BizMsgIdr is the file name without its ending, because authorities answer by that identifier and several
of them ask for it. Names are the destination's business: the default template is the one that the Nordic, Benelux and
Cypriot authorities use, `<sender>_DATTRA_<recipient>_<sequence>-<version>-<previous>_<year>.xml`.

Source: ESMA/2016/1521 technical reporting instructions (as reproduced by authorities and public programs; the text
itself was not at hand); schemas head.001.001.01 (BizMsgIdr at most 35 characters) and head.003.001.01.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Final

import polars as pl

from regreport.errors import ConfigurationError
from regreport.messages import load
from regreport.regime import FileSeen, ReportContext
from regreport.regimes.mifir.rules import FileFacts, check_files
from regreport.regimes.mifir.rules.file_bytes import form_of

MESSAGE: Final = "auth.016.001.01"
FEEDBACK_MESSAGE: Final = "auth.031.001.01"
NAME_TEMPLATE: Final = "{sender}_DATTRA_{recipient}_{sequence:06d}-{version}-{previous:06d}_{year:02d}.xml"
VERSION: Final = 0
"""A file is never sent anew under its old sequence number: what is wrong in it is cancelled by a later file."""
IDENTIFIER_MAX: Final = 35
"""Characters of a business message identifier (Max35Text)."""

HEADER: Final = "/BizData/Hdr/AppHdr"
PARTY: Final = "OrgId/Id/OrgId/Othr/Id"


def head(context: ReportContext, message_id: str) -> pl.DataFrame:
    """The one-row head table of a file (see `engine.message`): From, To, identifiers and the report's own instant.

    Raises ConfigurationError where sender or recipient is missing, or the instant has no time zone.
    """
    for what, value in (("sender", context.destination.sender), ("recipient", context.destination.recipient)):
        if not value:
            raise ConfigurationError(f"destination {context.destination.name} has no {what}; add it to regreport.toml")
    return load(MESSAGE).head(
        {
            f"{HEADER}/Fr/{PARTY}": context.destination.sender,
            f"{HEADER}/To/{PARTY}": context.destination.recipient,
            f"{HEADER}/BizMsgIdr": message_id,
            f"{HEADER}/MsgDefIdr": MESSAGE,
            f"{HEADER}/CreDt": _instant(context),
        }
    )


def file_name(context: ReportContext, sequence: int, previous: int) -> tuple[str, str]:
    """(file name, business message identifier) of a file: the destination's template filled in.

    Raises ConfigurationError for a template that cannot be filled in, gives characters that a file name may not have,
    or an identifier longer than 35 characters: nothing is cut off.
    """
    destination = context.destination
    template = destination.file_name or NAME_TEMPLATE
    parts = {
        "sender": destination.sender,
        "recipient": destination.recipient,
        "sequence": sequence,
        "previous": previous,
        "version": VERSION,
        "year": context.created_at.astimezone(UTC).year % 100,
        "entity": context.entity.lei,
        "date": context.report_date.strftime("%Y%m%d"),
    }
    where = f"destination {destination.name}: file_name {template!r}"
    try:
        name = template.format(**parts)
    except (KeyError, IndexError, ValueError) as problem:
        known = " ".join(f"{{{part}}}" for part in parts)
        raise ConfigurationError(f"{where} cannot be filled in ({problem!r}); it may use {known}") from problem
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise ConfigurationError(f"{where} gives {name!r}; a file name has letters, digits, dot, hyphen, underscore")
    stem = name.partition(".")[0]
    if len(stem) > IDENTIFIER_MAX:
        raise ConfigurationError(
            f"{where} gives {stem!r}, {len(stem)} characters; the header takes {IDENTIFIER_MAX}. Shorten the template"
        )
    return name, stem


def file_rules(files: Sequence[tuple[ReportContext, FileSeen]]) -> pl.DataFrame:
    """Findings about files as a whole, as FINDING_SCHEMA; `record` is the number of the file (`rules.FILE_RULES`).

    The container is delivery's to know: its rules are not run here.
    """
    return check_files([_facts(context, seen) for context, seen in files], not_checked=False)


def _facts(context: ReportContext, seen: FileSeen) -> FileFacts:
    def value(path: str) -> str | None:
        return load(MESSAGE).head_value(seen.head, f"{HEADER}/{path}")

    with seen.open() as stream:
        form, size = form_of(stream)
    return FileFacts(
        name=seen.name,
        created_at=context.created_at,
        due_at=context.due_at,
        message=value("MsgDefIdr"),
        identifier=value("BizMsgIdr"),
        identifier_is_stem=True,
        sender=value(f"Fr/{PARTY}"),
        submitting_entity=context.destination.submitting_entity or context.entity.lei,
        names_sent=context.names_sent,
        identifiers_sent=context.names_sent,
        records=seen.records,
        size=size,
        size_max=context.destination.size_max,
        faults=seen.faults,
        form=form,
    )


def _instant(context: ReportContext) -> str:
    if context.created_at.tzinfo is None:
        raise ConfigurationError("the report's creation time has no time zone; it must be in UTC")
    moment = context.created_at.astimezone(UTC).replace(tzinfo=None)
    return f"{moment.isoformat()}Z"
