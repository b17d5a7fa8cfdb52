"""The file as a whole: what an authority looks at before it reads a single record.

A file is one row of facts, so its rules are ordinary rules over a table of one row, in the same words and with the same
findings (record null).

The code AAX-nnn is the family of national file codes of the authorities that share one system (AA stands for the
country); FIL codes were only recalled, so those checks have ids of our own.

Source: finanstilsynet.dk (national file codes); ESMA/2016/1521; MiFIR Article 26(1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from regreport.engine.checks import (
    NotAfter,
    Number,
    Same,
    absent,
    all_of,
    any_of,
    contains,
    equal,
    is_a,
    matches,
    negate,
)
from regreport.engine.rule import FINDING_SCHEMA, Rule, run_rules
from regreport.model.finding import Severity
from regreport.regimes.mifir.rules.file_facts import FileFacts, file_table, unknown
from regreport.regimes.mifir.rules.terms import DERIVED, VERIFIED

MESSAGE: Final = "auth.016.001.01"
RECORDS_MAX: Final = 500_000
NATIONAL: Final = "finanstilsynet.dk, national file codes"
RECALLED: Final = "recollection, unverified"

FILE_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        id="AAX-001",
        title="The file name does not have the destination's form",
        source=NATIONAL,
        fields=("file",),
        must=equal("name_ok", "true"),
        show="name",
        official=True,
        confidence=VERIFIED,
    ),
    Rule(
        id="AAX-002",
        title="The date in the file name does not exist or is in the future",
        source=NATIONAL,
        fields=("file",),
        must=any_of(absent("name_date"), all_of(is_a("date", "name_date"), NotAfter("name_date", "created_at"))),
        needs=("created",),
        official=True,
        confidence=VERIFIED,
        show="name",
    ),
    Rule(
        id="AAX-003",
        title="A file of this name was sent before",
        remedy="A new file takes a new sequence number; the authority ignores a name that it knows",
        source=NATIONAL,
        fields=("file",),
        must=negate(contains("names_sent", "name")),
        needs=("history",),
        official=True,
        confidence=VERIFIED,
        show="name",
    ),
    Rule(
        id="AAX-004",
        title="The file name has an extension that the destination does not take",
        source=NATIONAL,
        fields=("file",),
        must=equal("extension_ok", "true"),
        show="extension",
        official=True,
        confidence=VERIFIED,
    ),
    Rule(
        id="AAX-005",
        title="The file is larger than the destination takes",
        remedy="Split it into several files",
        source=NATIONAL,
        fields=("file",),
        must=equal("size_ok", "true"),
        needs=("bytes",),
        show="size",
        official=True,
        confidence=VERIFIED,
    ),
    Rule(
        id="R22-file-01",
        title=f"The header does not name the message {MESSAGE}",
        source="ESMA/2016/1521",
        fields=("file",),
        must=equal("message", MESSAGE),
        needs=("header",),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-file-02",
        title="The business message identifier is longer than 35 characters, was used before, or is not the file name",
        remedy="Where the destination wants it, the identifier is the file name without its extension",
        source="head.001.001.01; CySEC's file naming",
        fields=("file",),
        must=all_of(
            matches("identifier", "(?s:.{1,35})"),
            negate(contains("identifiers_sent", "identifier")),
            any_of(absent("stem_wanted"), Same("stem_wanted", "identifier")),
        ),
        needs=("header",),
        partly_needs=("history",),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-file-03",
        title=f"The file has more than {RECORDS_MAX:,} records",
        remedy="Split it into several files",
        source="BaFin's interface; ESMA's usage guidelines",
        fields=("file",),
        must=Number("records", "<=", str(RECORDS_MAX)),
        needs=("records",),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-file-04",
        title="The report is late: it is made after the time at which it was due",
        remedy="Send it, and tell the authority where its rules ask for a notification",
        source="MiFIR Article 26(1): no later than the close of the following working day",
        fields=("file",),
        must=NotAfter("created_at", "due_at", 19),
        severity=Severity.WARNING,
        needs=("due",),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-file-05",
        title="The container does not hold exactly one XML file",
        source="ESMA/2016/1521 section 3.2 (recalled)",
        fields=("file",),
        must=all_of(Number("xml_entries", "==", "1"), Number("other_entries", "==", "0")),
        needs=("container",),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-file-06",
        title="The file is not plain UTF-8: a byte order mark, another encoding, or a document type declaration",
        source="ISO 20022 usage; ESMA/2016/1521",
        fields=("file",),
        must=equal("form", "OK"),
        needs=("bytes",),
        confidence=DERIVED,
    ),
    Rule(
        id="R22-file-07",
        title="The container cannot be opened and read to its end",
        source="ESMA/2016/1521 section 3.2 (recalled)",
        fields=("file",),
        must=equal("readable", "true"),
        needs=("container",),
        confidence=RECALLED,
    ),
    Rule(
        id="R22-file-08",
        title="The file is not valid against the schema",
        remedy="The structural findings say where",
        source="ESMA/2016/1521 section 3.2 (recalled)",
        fields=("file",),
        must=Number("faults", "==", "0"),
        needs=("structure",),
        confidence=RECALLED,
    ),
    Rule(
        id="R22-6-01",
        title="The records' submitting entity is not the one that the header says the file is from",
        remedy="All records of a file have one submitting entity: the ARM, or the firm that sends for itself",
        source="RTS 22 (EU) 2017/590 Annex I field 6",
        fields=("6", "file"),
        must=any_of(Same("submitting_entity", "sender"), negate(is_a("LEI", "sender"))),
        needs=("sender",),
        confidence=DERIVED,
    ),
)


def check_file(facts: FileFacts, *, not_checked: bool = True) -> pl.DataFrame:
    """Findings about one file (FINDING_SCHEMA, record null), the rules that could not be run included if asked for."""
    return check_files([facts], not_checked=not_checked).with_columns(record=pl.lit(None, dtype=pl.UInt32))


def check_files(files: Sequence[FileFacts], *, not_checked: bool = True) -> pl.DataFrame:
    """The same about many; `record` is the number of the file from 1, null for a rule that could be run on none."""
    if not files:
        return pl.DataFrame(schema=FINDING_SCHEMA)
    missing = frozenset.union(*(unknown(facts) for facts in files))
    found = run_rules(FILE_RULES, file_table(files), reference="identifier", missing=missing)
    idle = pl.col("severity") == Severity.NOT_CHECKED.value
    why = pl.format("Not checked: {} not known at this point", "value")
    found = found.with_columns(
        reference=pl.lit(None, dtype=pl.String),
        message=pl.when(idle).then(why).otherwise("message"),
    )
    return found if not_checked else found.filter(~idle)
