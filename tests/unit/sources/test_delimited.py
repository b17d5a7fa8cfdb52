"""What is written as CSV is read back as it was, whatever it holds; and no structural fault passes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regreport.errors import BadInput
from regreport.sources import bytestream
from regreport.sources.layout import Layout
from regreport.sources.read import read_source

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
TRICKY = st.sampled_from(['"', '""', ",", "\n", "\r", "\r\n", ",\n", '",', '\n"', " ", "'", "\ufeff", "é", ";", "a"])
CELL = st.one_of(ANY_TEXT, st.lists(TRICKY, max_size=6).map("".join))
SHARED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 5))
    return draw(st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=8))


def _write(path: Path, rows: list[list[str]], delimiter: str, line_end: str, always: bool) -> None:
    """RFC 4180; the csv module's writer leaves a lone carriage return unquoted."""

    def cell(value: str) -> str:
        special = always or any(c in value for c in (delimiter, '"', "\r", "\n"))
        return '"' + value.replace('"', '""') + '"' if special else value

    lines = [[f"c{n}" for n in range(len(rows[0]))], *rows]
    path.write_bytes("".join(delimiter.join(map(cell, line)) + line_end for line in lines).encode("utf-8"))


@SHARED
@given(
    rows=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    always=st.booleans(),
    block=st.sampled_from([1, 7, 64, 1 << 20]),
)
def test_round_trip(
    rows: list[list[str]], delimiter: str, line_end: str, always: bool, block: int, tmp_path: Path
) -> None:
    path = tmp_path / "any.csv"
    _write(path, rows, delimiter, line_end, always)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bytestream, "BLOCK_BYTES", block)
        table = read_source(path, Layout(delimiter=delimiter, declared=True)).table()
    assert [[cell or "" for cell in row] for row in table.iter_rows()] == rows


@SHARED
@given(rows=tables(), at=st.integers(0, 10_000), broken=st.sampled_from(['"', "\n", ","]))
def test_one_character_too_many(rows: list[list[str]], at: int, broken: str, tmp_path: Path) -> None:
    """A character put in somewhere never loses or adds a cell silently: refused, or read as the csv module reads it."""
    path = tmp_path / "broken.csv"
    _write(path, rows, ",", "\n", False)
    text = path.read_bytes().decode("utf-8")
    header = text.index("\n") + 1
    place = header + at % (len(text) - header + 1)
    path.write_bytes((text[:place] + broken + text[place:]).encode("utf-8"))
    try:
        table = read_source(path).table()
    except BadInput:
        return
    read = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline=""), strict=True))
    while read and not read[-1]:
        read.pop()
    assert [[cell or "" for cell in row] for row in table.iter_rows()] == read[1:]


def test_records_that_look_like_many_inside_quotes(tmp_path: Path) -> None:
    """Line ends inside quotes, in a file of many blocks: the column reader must not split there."""
    path = tmp_path / "lines.csv"
    rows = [[str(n), "1,2,3\n4,5,6\n" * (n % 50), "x"] for n in range(20_000)]
    _write(path, rows, ",", "\n", False)
    table = read_source(path).table()
    assert [[cell or "" for cell in row] for row in table.iter_rows()] == rows


def test_the_line_of_a_fault_in_a_later_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytestream, "BLOCK_BYTES", 100)
    path = tmp_path / "late.csv"
    path.write_text("a,b\n" + '1,"two\nlines"\n' * 500 + "1,2,3\n" + "1,2\n" * 10)
    with pytest.raises(BadInput, match="3 fields, the header has 2") as raised:
        read_source(path).table()
    assert (raised.value.record, raised.value.line) == (501, 1002)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "growing.csv"
    path.write_text("a,b\n1,2\n")
    rows = read_source(path)
    path.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(BadInput, match="changed while it was read"):
        rows.table()


def test_an_unclosed_quote_in_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n1,2\n" + '"3,4\n' + "5,6\n" * (5 * 1024 * 1024))
    with pytest.raises(BadInput, match="a quote in it is not closed") as raised:
        read_source(path).table()
    assert (raised.value.record, raised.value.line) == (2, 3)


def test_declared_layouts(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes('a;b\n1;5" pipe\n2;Ren\u00e9\n'.encode("latin-1"))
    layout = Layout(delimiter=";", quote="", encoding="latin-1", declared=True)
    assert read_source(path, layout).table().to_dict(as_series=False) == {"a": ["1", "2"], "b": ['5" pipe', "René"]}


def test_control_a_lenient_reader_takes_what_ours_refuses(tmp_path: Path) -> None:
    """The reason for the structural check: the column reader alone fills a short row up with nulls."""
    path = tmp_path / "short.csv"
    path.write_text("a,b\n1\n3,4\n")
    assert pl.read_csv(path, infer_schema=False)["b"].to_list() == [None, "4"]
    with pytest.raises(BadInput, match="1 field, the header has 2"):
        read_source(path).table()
