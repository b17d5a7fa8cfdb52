"""The two laws of the field layer, over auth.016.001.01 and the fields of RTS 22.

Wire tables are drawn from the message tree: every branch of every choice, every optional element, odd containers.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import regreport
from regreport.engine.fields import FieldLayer, load_layer
from regreport.engine.fields_columns import alike, with_values
from regreport.engine.fields_reach import places
from regreport.engine.table import Facets, Node
from regreport.messages import load

MESSAGE = load("auth.016.001.01")
FOLDER = Path(regreport.__path__[0]) / "regimes" / "mifir"
LAYER = load_layer(FOLDER / "fields.csv", FOLDER / "paths.csv", MESSAGE)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F), min_size=1, max_size=4)
ELEMENTS_MAX = 3


def wire_schema(record: Node) -> pl.Schema:
    """Every column that a record may have, marks of empty containers as Boolean."""
    return pl.Schema(_columns(record, ""))


def _columns(node: Node, prefix: str) -> dict[str, pl.DataType]:
    columns: dict[str, pl.DataType] = {}
    for child in node.children:
        name = f"{prefix}/{child.tag}" if prefix else child.tag
        if child.repeats:
            columns[name] = pl.List(pl.String() if child.kind == "leaf" else pl.Struct(_columns(child, "")))
        elif child.kind == "leaf":
            columns[name] = pl.String()
            columns |= {f"{name}/@{a.name}": pl.String() for a in child.attributes}
        else:
            columns |= {f"{name}/": pl.Boolean()} | _columns(child, name)
    return columns


@st.composite
def wire_row(draw: st.DrawFn, node: Node) -> dict[str, Any]:
    """One valid element as a row: the children of `node` by column name."""
    row: dict[str, Any] = {}
    _fill(draw, node, "", row)
    return row


def _fill(draw: st.DrawFn, node: Node, prefix: str, row: dict[str, Any]) -> None:
    chosen = node.children
    if node.kind == "choice":
        chosen = (node.children[draw(st.integers(0, len(node.children) - 1))],)
    before = len(row)
    for child in chosen:
        if child.min or draw(st.booleans()):
            _place(draw, child, f"{prefix}/{child.tag}" if prefix else child.tag, row)
    if len(row) == before and prefix:
        row[f"{prefix}/"] = True


def _place(draw: st.DrawFn, node: Node, name: str, row: dict[str, Any]) -> None:
    if node.repeats:
        count = draw(st.integers(max(node.min, 1), min(node.max or ELEMENTS_MAX, ELEMENTS_MAX)))
        if node.kind == "leaf":
            row[name] = [draw(_text(node.facets, node)) for _ in range(count)]
        else:
            row[name] = [draw(wire_row(node)) for _ in range(count)]
    elif node.kind == "leaf":
        row[name] = draw(_text(node.facets, node))
        for attribute in node.attributes:
            row[f"{name}/@{attribute.name}"] = draw(TEXT)
    else:
        _fill(draw, node, name, row)


def _text(facets: Facets | None, node: Node) -> st.SearchStrategy[str]:
    one = next(iter(places(Node("r", "sequence", children=(node,)))))
    return st.sampled_from(one.values) if one.values and facets is not None else TEXT


SCHEMA = wire_schema(MESSAGE.record)


def assert_same_wire(left: pl.DataFrame, right: pl.DataFrame) -> None:
    ours, theirs = with_values(left), with_values(right)
    assert sorted(ours) == sorted(theirs)
    for column, values in ours.items():
        assert alike(values, theirs[column]), (column, values.to_list(), theirs[column].to_list())


@settings(max_examples=150, deadline=None)
@given(st.lists(wire_row(MESSAGE.record), min_size=1, max_size=5))
def test_every_valid_wire_table_survives_the_fields(rows: list[dict[str, Any]]) -> None:
    wire = pl.DataFrame(rows, schema=SCHEMA)
    fields = LAYER.to_fields(wire)
    assert fields.schema == LAYER.schema
    assert LAYER.unplaced(fields).is_empty()
    back = LAYER.to_wire(fields)
    assert_same_wire(wire, back)
    assert LAYER.to_fields(back).equals(fields)
    assert LAYER.unclaimed_in(wire) == []


def random_fields(seed: int, layer: FieldLayer = LAYER) -> pl.DataFrame:
    """Field rows without any sense: each column null or a text, each kind one of its values or an unknown one."""
    draw = random.Random(seed)

    def row(level: Any) -> dict[str, Any]:
        cells: dict[str, Any] = {}
        groups = {g.column: g for g in level.groups}
        for column in level.columns:
            if draw.random() < 0.4:
                continue
            if column in groups:
                inner = groups[column].level
                cells[column] = [row(inner) if inner else "X" for _ in range(draw.randint(1, 2))]
            else:
                cells[column] = draw.choice([*level.kinds.get(column, (f"v{draw.randint(0, 9)}",)), "odd"])
        return cells

    return pl.DataFrame([row(layer.level) for _ in range(40)], schema=layer.schema)


@pytest.mark.parametrize("seed", range(10))
def test_a_value_reaches_the_wire_or_is_named(seed: int) -> None:
    fields = random_fields(seed)
    named = {(r, c) for r, c, _ in LAYER.unplaced(fields).rows()}
    back = LAYER.to_fields(LAYER.to_wire(fields))
    kinds = set(LAYER.level.kinds)
    silent = [
        (record, column)
        for column in fields.columns
        for record, (was, now) in enumerate(zip(fields[column].to_list(), back[column].to_list(), strict=True), start=1)
        if (was and not isinstance(was, list) and column not in kinds) and was != now and (record, column) not in named
    ]
    assert silent == []
    assert named, "the rows hold values without a place, so some must be named"
