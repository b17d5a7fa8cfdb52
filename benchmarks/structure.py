"""structure: the column check against libxml2 with the schema that the same declaration emits; the verdicts must agree.

Each side starts from the form in which it meets a report: ours from the wire table in memory, libxml2 from the bytes of
documents of 500 records, which it must parse. What libxml2 takes on trees that are parsed already is measured apart and
printed beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import polars as pl
from lxml import etree

from benchmarks import faults, material
from benchmarks.measure import Work, cpu_seconds
from regreport.engine.check import check
from regreport.engine.render import joined_bytes, render_head, render_rows
from regreport.engine.xsd import emit_xsd

RECORDS: Final = 100_000
EACH: Final = 500
ROUNDS: Final = 3
"""Each side runs so often over the same input; its cost is that of one round."""


def prepare(folder: Path) -> Work:
    """Write the tables with planted faults, and the documents."""

    def work() -> dict[str, Any]:
        before, after = (text.encode() for text in render_head(material.message(), None))
        number = 0
        for part, clean in enumerate(material.wire_tables(RECORDS)):
            table = faults.in_wire(clean)
            table.write_ipc(folder / f"{part:03d}.arrow")
            rows = render_rows(material.message(), table)
            for start in range(0, len(rows), EACH):
                number += 1
                document = b"".join((before, *joined_bytes(rows.slice(start, EACH)), after))
                (folder / f"{number:05d}.xml").write_bytes(document)
        return {}

    return work


def ours(folder: Path) -> Work:
    """The column check over the whole tables."""
    tables = [pl.read_ipc(path) for path in sorted(folder.glob("*.arrow"))]
    message, names = material.message(), material.regime().layer.names

    def work() -> dict[str, Any]:
        for _ in range(ROUNDS):
            found = []
            first = 1
            for table in tables:
                found.append(check(message, table, names=names, first_record=first))
                first += table.height
        broken = pl.concat(found).drop_nulls("record")["record"].unique().sort()
        return {"records": RECORDS, "rounds": ROUNDS, "broken": broken.to_list()}

    return work


def theirs(folder: Path) -> Work:
    """libxml2 over every document's bytes: parse, then validate."""
    documents = [path.read_bytes() for path in sorted(folder.glob("*.xml"))]
    schema = _schema()

    def work() -> dict[str, Any]:
        for _ in range(ROUNDS):
            verdicts = [schema.validate(etree.fromstring(document)) for document in documents]
        return {"records": RECORDS, "rounds": ROUNDS, "valid": verdicts}

    return work


def parsed(folder: Path) -> Work:
    """libxml2 over trees that are there already; what it says of each record where a document is not valid."""
    trees = [etree.parse(path) for path in sorted(folder.glob("*.xml"))]
    schema = _schema()

    def work() -> dict[str, Any]:
        before = cpu_seconds()
        for _ in range(ROUNDS):
            verdicts = [schema.validate(tree) for tree in trees]
        validating = cpu_seconds() - before
        broken = [n for i, tree in enumerate(trees) if not verdicts[i] for n in _broken(tree, schema, i * EACH)]
        return {"records": RECORDS, "rounds": ROUNDS, "broken": broken, "cpu_s": validating}

    return work


def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(emit_xsd(material.message().document).encode()))


def _broken(tree: etree._ElementTree, schema: etree.XMLSchema, before: int) -> list[int]:
    """The numbers of the records that libxml2 refuses, each in a document of its own."""
    root = tree.getroot()
    parent = root[0]
    records = list(parent)
    found = []
    for number, record in enumerate(records, start=before + 1):
        parent[:] = [record]
        if not schema.validate(root):
            found.append(number)
    parent[:] = records
    return found


def compare(ours: dict[str, Any], theirs: dict[str, Any], parsed: dict[str, Any]) -> str:
    """The same records and the same documents are refused. Raises AssertionError; gives what was seen."""
    assert ours["broken"], "structure: no planted fault was found"
    assert ours["broken"] == parsed["broken"], "structure: the two sides refuse different records"
    refused = {(number - 1) // EACH for number in ours["broken"]}
    assert refused == {i for i, valid in enumerate(theirs["valid"]) if not valid}, "structure: documents differ"
    return f"{len(ours['broken'])} of {RECORDS} records and {len(refused)} documents refused by both"


SIDES: Final = {"prepare": prepare, "ours": ours, "theirs": theirs, "parsed": parsed}
