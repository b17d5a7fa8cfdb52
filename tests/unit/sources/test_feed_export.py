"""The feed manifest refuses what differs, with both figures; the export disarms formulas and nothing else."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from tests.unit.sources.made import ENTITY, LOADED_AT, write

from regreport.errors import BadInput, ConfigurationError
from regreport.sources.export import rows_csv, write_rows
from regreport.sources.feed import check_feed, load_feed, missing_files
from regreport.sources.land import Landed, land
from regreport.sources.mapping import canonical_mapping
from regreport.sources.read import read_source


def _landed(folder: Path) -> Landed:
    amounts = ["0.10", "0.20", "7"]
    records = "".join(f"{n},{ENTITY},2026-11-2{n}T10:00:00Z,{a},EUR\n" for n, a in enumerate(amounts, start=1))
    rows = read_source(write(folder, "transaction_id,entity,timestamp,amount,currency\n" + records, "trades.csv"))
    mapping = canonical_mapping("transaction", rows.columns)
    return land(rows, mapping, entities=[ENTITY], loaded_at=LOADED_AT)


def _feed(folder: Path, lines: str) -> Path:
    return write(folder, f'[[file]]\nname = "trades.csv"\n{lines}\n', "feed.toml")


def test_what_was_announced_is_accepted(tmp_path: Path) -> None:
    landed = _landed(tmp_path)
    lines = f'rows = 3\nby = 20:00:00\nsha256 = "{landed.file_digest}"\ntotals = {{ EUR = "7.3" }}'
    feed = load_feed(_feed(tmp_path, lines))
    check_feed(feed, landed)
    assert [one.name for one in missing_files(feed, [])] == ["trades.csv"]
    assert missing_files(feed, ["trades.csv"]) == []


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("rows = 4", "number of records is 3; the feed manifest announces 4"),
        ('totals = { EUR = "7.31" }', "total of amount in EUR is 7.30; the feed manifest announces 7.31"),
        ('totals = { EUR = "7.3", SEK = "1" }', "total of amount in SEK is none; the feed manifest announces 1"),
        ("totals = {}", "total of amount in EUR is 7.30; the feed manifest announces none"),
        ('sha256 = "00"', "announces 00"),
    ],
)
def test_what_differs_is_refused_with_both_figures(lines: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as raised:
        check_feed(load_feed(_feed(tmp_path, lines)), _landed(tmp_path))
    assert words in str(raised.value)


def test_a_file_that_was_not_announced(tmp_path: Path) -> None:
    feed = load_feed(write(tmp_path, '[[file]]\nname = "other.csv"\n', "feed.toml"))
    with pytest.raises(BadInput, match="does not announce this file"):
        check_feed(feed, _landed(tmp_path))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("row = 3", "unknown key 'row'"),
        ('rows = "3"', "rows must be a whole number"),
        ('by = "20:00"', "by must be a local time"),
        ("totals = { EUR = 7.3 }", "totals.EUR must be text"),
        ('totals = { EUR = "NaN" }', "not a finite number"),
        ('totals = { EUR = "x" }', "not a number"),
        ('[[file]]\nname = "trades.csv"', "declared twice"),
    ],
)
def test_bad_manifests(lines: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_feed(_feed(tmp_path, lines))
    assert words in str(raised.value)


FORMULAS = [
    "=1+1",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    '=HYPERLINK("http://x"&A1)',
    "\uff1d1",
    "-",
    "+A",
]
PLAIN = ["-12.50", "+5", "12", "a=b", "", "SE0000108656", "Ö", "'quoted'"]


def test_formulas_are_disarmed_and_nothing_else(tmp_path: Path) -> None:
    table = pl.DataFrame({"text": [*FORMULAS, *PLAIN], "list": [["=1", "b"]] * (len(FORMULAS) + len(PLAIN))})
    write_rows(table, tmp_path / "out.csv")
    back = read_source(tmp_path / "out.csv").table()
    assert [value or "" for value in back["text"]] == [*("'" + one for one in FORMULAS), *PLAIN]
    assert set(back["list"]) == {"'=1|b"}
    assert table["text"].to_list() == [*FORMULAS, *PLAIN], "the table itself keeps what came"


def test_every_type_is_written_as_text() -> None:
    table = pl.DataFrame({"n": [1], "d": pl.Series([Decimal("1.10")]), "b": [True], "none": [None]})
    assert rows_csv(table) == "n,d,b,none\n1,1.10,true,\n"
    with pytest.raises(TypeError, match="cannot be written as CSV"):
        rows_csv(pl.DataFrame({"s": [{"a": 1}]}))
