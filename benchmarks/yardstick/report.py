"""One report after the other: rows, facts, rules, tree, schema, digest, file, row in the database, commit.

Two steps as the product has them: generate, and validate as a second gate on what was stored. Each can be timed alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from lxml import etree

from benchmarks import rules_rowwise
from benchmarks.yardstick.facts import Facts
from benchmarks.yardstick.transaction import NAMESPACE, transaction
from regreport.engine.rule import AnyRule
from regreport.engine.xsd import emit_xsd
from regreport.messages import load, table
from regreport.model.finding import Severity

ENVELOPE = "urn:iso:std:iso:20022:tech:xsd:head.003.001.01"
HEADER = "urn:iso:std:iso:20022:tech:xsd:head.001.001.01"
MESSAGE = "auth.016.001.01"
_TABLE = """
    create table report (name text primary key, sha256 text, size integer, records integer, findings integer,
    errors integer, status text)
"""


@dataclass(frozen=True)
class Head:
    """What the header of a file says."""

    sender: str
    recipient: str
    created_at: str


class Program:
    """The program with its rules, reference data, schemas and database, ready for any number of reports."""

    def __init__(self, folder: Path, rules: Sequence[AnyRule], facts: Facts, head: Head) -> None:
        self.folder = folder
        self.rules = rules
        self.prepared = rules_rowwise.prepared(rules)
        self.errors = {rule.id for rule in rules if rule.severity is Severity.ERROR}
        self.facts = facts
        self.head = head
        self.document_schema = _schema(emit_xsd(load(MESSAGE).document))
        self.header_schema = _schema(emit_xsd(table("head.001.001.01")))
        self.database = sqlite3.connect(folder / "reports.sqlite")
        self.database.execute("pragma journal_mode = wal")
        self.database.execute("pragma synchronous = full")
        self.database.execute(_TABLE)
        self.database.commit()

    def generate(self, source: Path, name: str) -> None:
        """Make the report of one field table: rules, tree, schema, file, kept rows, a row in the database."""
        rows = pl.read_parquet(source).to_dicts()
        kept = [json.dumps(row) for row in rows]
        found = self.judge(rows)
        held = {record for record, rule, _ in found if rule in self.errors}
        sent = [record for record in range(1, len(rows) + 1) if record not in held]
        tree = self.tree([rows[record - 1] for record in sent], name.partition(".")[0])
        self.structure(tree, name)
        content = etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
        self.keep(name, content)
        self.keep(f"{name}.rows", "\n".join(kept[record - 1] for record in sent).encode())
        self.keep(f"{name}.findings", json.dumps(found).encode())
        told = (name, hashlib.sha256(content).hexdigest(), len(content), len(sent), len(found), len(held), "GENERATED")
        self.database.execute("insert into report values (?, ?, ?, ?, ?, ?, ?)", told)
        self.database.commit()

    def validate(self, name: str) -> None:
        """Judge what was stored once more: digest, structure of the bytes, rules over the kept rows, counts.

        Raises ValueError where anything is wrong.
        """
        content = (self.folder / name).read_bytes()
        query = "select sha256, records from report where name = ?"
        digest, records = self.database.execute(query, (name,)).fetchone()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{name}: the bytes are not those that were generated")
        self.structure(etree.fromstring(content), name)
        rows = [json.loads(line) for line in (self.folder / f"{name}.rows").read_text().splitlines()]
        found = self.judge(rows)
        if len(rows) != records or any(rule in self.errors for _, rule, _ in found):
            raise ValueError(f"{name}: an error is left, or the number of records differs")
        self.keep(f"{name}.validation", json.dumps(found).encode())
        self.database.execute("update report set status = 'VALIDATED' where name = ?", (name,))
        self.database.commit()

    def judge(self, rows: list[dict[str, Any]]) -> list[tuple[int, str, str | None]]:
        """Add the facts to the rows, and hold every rule against them."""
        for row in rows:
            self.facts.add(row)
        return rules_rowwise.findings(self.rules, rows, self.prepared)

    def tree(self, rows: Sequence[Mapping[str, Any]], identifier: str) -> etree._Element:
        """The whole document of the records, with its envelope."""
        root = etree.Element(f"{{{ENVELOPE}}}BizData", nsmap={None: ENVELOPE})  # type: ignore[dict-item]
        header = etree.SubElement(
            etree.SubElement(root, f"{{{ENVELOPE}}}Hdr"),
            f"{{{HEADER}}}AppHdr",
            nsmap={None: HEADER},  # type: ignore[dict-item]
        )
        for tag, party in (("Fr", self.head.sender), ("To", self.head.recipient)):
            element = header
            for step in (tag, "OrgId", "Id", "OrgId", "Othr", "Id"):
                element = etree.SubElement(element, f"{{{HEADER}}}{step}")
            element.text = party
        for tag, text in (("BizMsgIdr", identifier), ("MsgDefIdr", MESSAGE), ("CreDt", self.head.created_at)):
            etree.SubElement(header, f"{{{HEADER}}}{tag}").text = text
        payload = etree.SubElement(root, f"{{{ENVELOPE}}}Pyld")
        document = etree.SubElement(payload, f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
        report = etree.SubElement(document, f"{{{NAMESPACE}}}FinInstrmRptgTxRpt")
        for row in rows:
            transaction(report, row)
        return root

    def structure(self, tree: etree._Element, name: str) -> None:
        """Header and document against their schemas. Raises ValueError: nothing invalid is kept."""
        for schema, element in ((self.header_schema, tree[0][0]), (self.document_schema, tree[1][0])):
            if not schema.validate(element):
                raise ValueError(f"{name}: {schema.error_log.last_error}")

    def keep(self, name: str, content: bytes) -> None:
        """Write the file so that it survives a power cut."""
        with (self.folder / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _schema(text: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(text.encode()))
