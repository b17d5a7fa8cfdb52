"""The yardstick gives the reports and the findings that the product gives, and a difference between them is seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from benchmarks import faults, material, path, render, rules, structure
from benchmarks.measure import SideFailed, Work, measure
from benchmarks.yardstick.facts import Facts
from benchmarks.yardstick.transaction import NAMESPACE, add, transaction
from benchmarks.yardstick.tree import TreeBuilder
from lxml import etree

from regreport.engine.render import render as render_document
from regreport.pipeline import generating

RECORDS = 2_400
"""Every kind of ticket of the demo's day is among them."""


@pytest.fixture(scope="module")
def fields() -> pl.DataFrame:
    return next(material.field_tables(RECORDS))


def canonical(document: bytes) -> bytes:
    return etree.tostring(etree.fromstring(document), method="c14n")


def by_hand(table: pl.DataFrame) -> bytes:
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})
    report = add(root, "FinInstrmRptgTxRpt")
    for row in table.to_dicts():
        transaction(report, row)
    return etree.tostring(root, method="c14n")


def by_columns(wire: pl.DataFrame) -> bytes:
    return canonical(b"".join(bytes(piece) for piece in render_document(material.message(), None, wire)))


def test_transactions_written_by_hand_are_those_of_the_field_rows(fields: pl.DataFrame) -> None:
    layer = material.regime().layer
    assert by_hand(fields) == by_columns(layer.to_wire(fields))
    other = fields.with_columns(venue=pl.lit("XXXX"))
    assert by_hand(other) != by_columns(layer.to_wire(fields))


def test_trees_of_wire_rows_are_the_rendered_document(fields: pl.DataFrame) -> None:
    wire = material.regime().layer.to_wire(fields)
    tree = TreeBuilder(material.message(), wire.schema).document(wire.to_dicts())
    assert etree.tostring(tree, method="c14n") == by_columns(wire)


def test_facts_looked_up_one_by_one_are_those_joined(fields: pl.DataFrame) -> None:
    context = material.context()
    planted = faults.in_fields(fields)
    joined = material.regime().enrich(planted, context).to_dicts()
    of_report = {
        "@report.date": context.report_date.isoformat(),
        "@report.created_at": f"{context.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "@entity.lei": context.entity.lei,
        "@entity.country": context.entity.country,
        "@history.active": "false",
    }
    looked_up = planted.to_dicts()
    facts = Facts(context.reference_data, context.cell.jurisdiction, of_report)
    for row in looked_up:
        facts.add(row)
    assert looked_up == joined


def run(side: Callable[..., Work], folder: Path, **options: Any) -> dict[str, Any]:
    return side(folder, **options)()


def test_render_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "RECORDS", 1_000)
    for side in render.SIDES.values():
        run(side, tmp_path)
    assert render.compare(tmp_path) == "2 documents canonically equal"
    document = tmp_path / "theirs" / "00001.xml"
    document.write_bytes(document.read_bytes().replace(b"<TradVn>", b"<TradVn>X", 1))
    with pytest.raises(AssertionError, match=r"00001\.xml of the yardstick is another document"):
        render.compare(tmp_path)


def test_structure_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "RECORDS", 4_000)
    run(structure.prepare, tmp_path)
    ours, theirs, parsed = (run(structure.SIDES[side], tmp_path) for side in ("ours", "theirs", "parsed"))
    assert "records and" in structure.compare(ours, theirs, parsed)
    ours["broken"].pop()
    with pytest.raises(AssertionError, match="refuse different records"):
        structure.compare(ours, theirs, parsed)


def test_rules_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "RECORDS", 2_400)
    monkeypatch.setattr(rules, "TENTH", 2_400)
    run(rules.prepare, tmp_path)
    ours, theirs = run(rules.ours, tmp_path), run(rules.theirs, tmp_path)
    assert "equal findings" in rules.compare(ours, theirs)
    with pytest.raises(AssertionError, match="the findings differ"):
        rules.compare(ours | {"findings": ours["findings"][1:]}, theirs)


@pytest.mark.parametrize("kind", ["small", "large"])
def test_path_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(generating, "_Day", generating._Day)  # ours puts its own in this place
    monkeypatch.setattr(path, "EACH", 200)
    monkeypatch.setattr(path, "LARGE", 2_000)
    run(path.prepare, tmp_path, small=10, large=2_000)
    ours, theirs = run(path.ours, tmp_path, kind=kind), run(path.theirs, tmp_path, kind=kind)
    assert "records canonically equal" in path.compare(kind, ours, theirs)
    findings = Path(f"{theirs['files'][0]}.findings")
    findings.write_text(findings.read_text().replace("[[", "[[9", 1))
    with pytest.raises(AssertionError, match="the findings of generated differ"):
        path.compare(kind, ours, theirs)


def test_a_side_that_fails_is_an_error_not_a_number(tmp_path: Path) -> None:
    with pytest.raises(SideFailed, match="ended with exit code 1"):
        measure("render", "no such side", tmp_path)
