"""Parquet, NDJSON and SQL come to the same landed records as CSV, digit by digit; binary floats are never amounts."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from tests.unit.sources.made import ENTITY, LOADED_AT, write

from regreport.errors import BadInput, DatabaseUnavailable
from regreport.sources import ndjson, parquet
from regreport.sources.land import Landed, land
from regreport.sources.mapping import canonical_mapping, parse_mapping
from regreport.sources.read import read_source
from regreport.sources.rows import SourceRows

COLUMNS = ("transaction_id", "entity", "timestamp", "amount", "withdrawn", "maturity_date", "waiver")
ROWS = [
    ("1", ENTITY, "2026-11-23T10:15:30.120Z", "25150.10", "true", "2030-12-31", "SIZE|ILQD"),
    ("2", ENTITY, "2026-11-23T10:15:30Z", "0.10", None, None, None),
]


def _land(rows: SourceRows, extra: str = "") -> Landed:
    if not extra:
        mapping = canonical_mapping("transaction", rows.columns)
    else:
        lines = "".join(f'{name} = "{name}"\n' for name in rows.columns)
        mapping = parse_mapping(f'kind = "transaction"\n[file]\n{extra}\n[columns]\n{lines}', "m.toml")
    return land(rows, mapping, entities=[ENTITY], loaded_at=LOADED_AT)


def _values(landed: Landed) -> list[tuple[object, ...]]:
    table = landed.batches[0].table("B")
    assert table["source_faults"].null_count() == table.height
    return table.select(*COLUMNS[:-1], pl.col("waiver").list.join("|")).rows()


def test_csv(tmp_path: Path) -> None:
    lines = [",".join(value or "" for value in row) for row in (COLUMNS, *ROWS)]
    assert _values(_land(read_source(write(tmp_path, "\n".join(lines))))) == ROWS


def test_ndjson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "CHUNK_ROWS", 1)
    first = '{"transaction_id": 1, "entity": "%s", "timestamp": "2026-11-23T10:15:30.120Z", "amount": 25150.10,'
    first += ' "withdrawn": true, "maturity_date": "2030-12-31", "waiver": ["SIZE", "ILQD"]}'
    second = '{"transaction_id": "2", "entity": "%s", "timestamp": "2026-11-23T10:15:30Z", "amount": 0.10,'
    second += ' "withdrawn": null}'
    path = write(tmp_path, f"{first % ENTITY}\n\n{second % ENTITY}", "rows.ndjson")
    assert _values(_land(read_source(path))) == ROWS
    assert json.loads(second % ENTITY)["amount"] == 0.1, "control: the usual reader drops the digit"


@pytest.mark.parametrize(
    ("line", "words", "field"),
    [
        ('{"a": 1, "a": 2}', "key twice", "a"),
        ('{"a": "\\ud800"}', "half of a surrogate pair", "a"),
        ('{"a": {"b": 1}}', "nested value", "a"),
        ('{"a": ["x|y"]}', "nested value", "a"),
        ('{"a": 1', "not JSON", ""),
        ("[1]", "not a JSON object", ""),
        ('{"a":' + "[" * 100_000, "not JSON", ""),
    ],
)
def test_bad_ndjson(line: str, words: str, field: str, tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": "fine"}\n' + line + "\n", "rows.ndjson")
    with pytest.raises(BadInput, match=words) as raised:
        read_source(path).table()
    assert (raised.value.record, raised.value.line, raised.value.field) == (2, 2, field)


def test_ndjson_numbers_stay_as_written(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": 1e400, "b": NaN, "c": 12345678901234567890.10, "d": -0}', "rows.jsonl")
    assert read_source(path).table().row(0) == ("1e400", "NaN", "12345678901234567890.10", "-0")


def _frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "transaction_id": [1, 2],
            "entity": [ENTITY, ENTITY],
            "timestamp": [datetime(2026, 11, 23, 10, 15, 30, 120_000, UTC), datetime(2026, 11, 23, 10, 15, 30, 0, UTC)],
            "amount": pl.Series([Decimal("25150.10"), Decimal("0.10")], dtype=pl.Decimal(18, 2)),
            "withdrawn": [True, None],
            "maturity_date": [date(2030, 12, 31), None],
            "waiver": [["SIZE", "ILQD"], None],
        }
    )


def test_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "CHUNK_ROWS", 1)
    path = tmp_path / "rows.parquet"
    _frame().write_parquet(path)
    landed = _values(_land(read_source(path)))
    assert landed == [(*ROWS[0][:2], "2026-11-23T10:15:30.12Z", *ROWS[0][3:]), ROWS[1]]


def test_parquet_without_zone_or_with_floats(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    _frame().with_columns(
        pl.col("timestamp").dt.replace_time_zone(None), amount=pl.Series([53.55, 1e22])
    ).write_parquet(path)
    with pytest.raises(BadInput, match="binary floating point") as raised:
        _land(read_source(path))
    assert raised.value.field == "amount"
    table = _land(read_source(path), 'float = "shortest"\nzone = "Europe/Stockholm"').batches[0].table("B")
    assert table["timestamp"].to_list() == ["2026-11-23T09:15:30.12Z", "2026-11-23T09:15:30Z"]
    assert table["amount"].to_list() == ["53.55", None]
    assert "exponent" in table["source_faults"][1][0]["problem"]


def test_damaged_parquet(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    _frame().write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadInput, match=r"rows\.parquet: not a readable Parquet file"):
        read_source(path)
    pl.DataFrame({"a": [{"b": 1}]}).write_parquet(path)
    with pytest.raises(BadInput, match="which has no text"):
        read_source(path)


def _database(folder: Path) -> str:
    path = folder / "firm.db"
    with sqlite3.connect(path) as connection:
        names = ", ".join(f"{name} TEXT" for name in COLUMNS)
        connection.execute(f"CREATE TABLE trades ({names}, px REAL)")
        connection.executemany(f"INSERT INTO trades VALUES ({', '.join('?' * 7)}, 53.55)", ROWS)
    connection.close()
    return f"sqlite:///{path}"


def test_sql(tmp_path: Path) -> None:
    url = _database(tmp_path)
    query = f"SELECT {', '.join(COLUMNS)} FROM trades ORDER BY transaction_id"
    rows = read_source(url, query=query)
    assert _values(_land(rows)) == ROWS
    assert rows.digest == read_source(url, query=query).digest
    assert rows.digest != read_source(url, query=query + " DESC").digest
    whole = read_source(url, table="trades")
    assert whole.columns == (*COLUMNS, "px")
    assert whole.inexact == {"px"}
    assert _values(_land(whole)) == ROWS, "an inexact column that is not mapped does no harm"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "needs either a query or a table"),
        ({"query": "SELECT 1", "table": "trades"}, "needs either a query or a table"),
        ({"query": "SELEKT 1"}, "refused the query"),
        ({"query": "SELECT nothing FROM trades"}, "refused the query"),
        ({"table": "absent"}, "no such table"),
        ({"query": "SELECT px AS a, px AS a FROM trades"}, "two columns alike"),
        ({"query": "SELECT x'00' AS a"}, "type bytes has no text"),
        ({"query": "CREATE TABLE t (a)"}, "only a SELECT"),
    ],
)
def test_bad_queries(asked: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=words):
        read_source(_database(tmp_path), **asked)


def test_a_database_that_does_not_answer_may_be_tried_again_and_keeps_its_password() -> None:
    with pytest.raises(DatabaseUnavailable):
        read_source("sqlite:////nowhere/at/all.db", table="trades")
    with pytest.raises(BadInput, match="no driver") as raised:
        read_source("nosuch://user:secret@host/db", table="trades")
    assert "secret" not in str(raised.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_source(tmp_path / "absent.csv")
    with pytest.raises(BadInput, match="not a regular file"):
        read_source(tmp_path)
    with pytest.raises(BadInput, match="belongs to a database URL"):
        read_source(write(tmp_path, "a,b\n"), table="trades")
