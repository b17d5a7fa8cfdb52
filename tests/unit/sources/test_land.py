"""Landing: every record in exactly one batch, in any order of the file, exact, or nothing at all."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.sources.made import ENTITY, LOADED_AT, OTHER, write

from regreport.errors import BadInput
from regreport.sources import bytestream
from regreport.sources.columns import landed_schema, load_columns
from regreport.sources.land import Landed, land
from regreport.sources.mapping import canonical_mapping, parse_mapping
from regreport.sources.read import read_source

HEADER = "transaction_id,entity,timestamp,amount,currency,client_id\n"
NIL = date(2026, 11, 23)


def _land(path: Path, **more: object) -> Landed:
    rows = read_source(path)
    settings: dict[str, object] = {"entities": [ENTITY, OTHER], "loaded_at": LOADED_AT, **more}
    return land(rows, canonical_mapping("transaction", rows.columns), **settings)  # type: ignore[arg-type]


def _lines(count: int) -> list[str]:
    zones = ("Z", "+05:30", "-08:00")
    return [
        f"T{n},{(ENTITY, OTHER)[n % 2]},2026-11-{20 + n % 4}T{n % 24:02d}:00:00{zones[n % 3]},"
        f"{n}.{n % 7},{('EUR', 'SEK', '')[n % 3]},A|B{n}\n"
        for n in range(count)
    ]


def _contents(landed: Landed) -> dict[tuple[str, date], set[tuple[object, ...]]]:
    return {
        (b.entity, b.business_date): {
            (*row[:-1], "|".join(row[-1]))
            for row in b.table("B").select("transaction_id", "timestamp", "amount", "currency", "client_id").rows()
        }
        for b in landed.batches
    }


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), block=st.sampled_from([200, 1000, 1 << 20]))
def test_the_order_of_the_file_changes_nothing_but_line_numbers(seed: int, block: int, tmp_path: Path) -> None:
    lines = _lines(120)
    expected = _land(write(tmp_path, HEADER + "".join(lines)))
    random.Random(seed).shuffle(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bytestream, "BLOCK_BYTES", block)
        shuffled = _land(write(tmp_path, HEADER + "".join(lines), "shuffled.csv"))
    assert _contents(shuffled) == _contents(expected)
    assert [dict(b.totals) for b in shuffled.batches] == [dict(b.totals) for b in expected.batches]
    assert sum(b.rows for b in shuffled.batches) == shuffled.records == 120
    seen = pl.concat([b.table("B")["source_line"] for b in shuffled.batches]).sort()
    assert seen.to_list() == list(range(1, 121))


def test_the_business_date_is_the_utc_date(tmp_path: Path) -> None:
    text = HEADER + f"1,{ENTITY},2026-11-24T00:30:00+01:00,,,\n2,{ENTITY},2026-11-22T23:30:00-01:00,,,\n"
    assert [b.business_date for b in _land(write(tmp_path, text)).batches] == [date(2026, 11, 23)]


def test_a_landed_table_has_the_whole_schema(tmp_path: Path) -> None:
    batch = _land(write(tmp_path, HEADER + "".join(_lines(1)))).batches[0]
    schema = landed_schema(load_columns("transaction"))
    table = batch.table("TX-1")
    assert table.schema == pl.Schema({"batch_id": pl.String(), **schema})
    assert table["batch_id"].to_list() == ["TX-1"]
    batch.write(tmp_path / "landed.parquet", "TX-1")
    assert pl.read_parquet(tmp_path / "landed.parquet").equals(table)


def test_the_same_file_lands_as_the_same_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "".join(_lines(5000)))
    digests = []
    for run in range(2):
        target = tmp_path / f"{run}.parquet"
        _land(path).batches[0].write(target, "B")
        digests.append(hashlib.sha256(target.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_nothing_lands_where_a_later_record_is_none_of_ours(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "".join(_lines(50)) + "T99,NOBODY,2026-11-23T10:00:00Z,,,\n")
    with pytest.raises(BadInput, match="none of our entities") as raised:
        _land(path)
    assert (raised.value.record, raised.value.value) == (51, "NOBODY")


def test_a_record_without_entity(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the record names no entity"):
        _land(write(tmp_path, HEADER + "1,,2026-11-23T10:00:00Z,,,\n"))


def test_a_record_that_names_no_day_is_booked_under_the_given_one(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + f"1,{ENTITY},soon,,,\n2,{ENTITY},2026-11-20 at noon,,,\n")
    with pytest.raises(BadInput, match="names no day"):
        _land(path)
    landed = _land(path, on=date(2026, 11, 23))
    assert [(b.business_date, b.rows, dict(b.faults)) for b in landed.batches] == [
        (date(2026, 11, 20), 1, {"timestamp": 1}),
        (date(2026, 11, 23), 1, {"timestamp": 1}),
    ]


def test_a_nil_day(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER)
    with pytest.raises(BadInput, match="Say which day had none with --date"):
        _land(path, entities=[ENTITY])
    with pytest.raises(BadInput, match="more than one entity"):
        _land(path, on=NIL)
    with pytest.raises(BadInput, match="none of our entities"):
        _land(path, on=NIL, entity="NOBODY")
    for landed in (_land(path, on=NIL, entities=[ENTITY]), _land(path, on=NIL, entity=ENTITY)):
        (batch,) = landed.batches
        assert (batch.entity, batch.business_date, batch.rows, landed.records) == (ENTITY, NIL, 0, 0)
        batch.write(tmp_path / "nil.parquet", "B")
        assert pl.read_parquet(tmp_path / "nil.parquet").schema == batch.table("B").schema


def test_later_than_the_load(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + f"1,{ENTITY},2026-11-23T10:00:01Z,,,\n")
    early = _land(path, loaded_at=datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)).batches[0]
    assert (early.business_date, dict(early.faults)) == (NIL, {"timestamp": 1})
    assert not _land(path, loaded_at=datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC)).batches[0].faults


def test_totals_leave_out_what_was_not_understood(tmp_path: Path) -> None:
    text = HEADER + "".join(
        f"{n},{ENTITY},2026-11-23T10:00:00Z,{amount},{currency},\n"
        for n, (amount, currency) in enumerate(
            [("0.1", "EUR"), ("0.2", "EUR"), ("1e3", "EUR"), ("999999999999999999", "SEK"), ("0.01", "SEK"), ("7", "")]
        )
    )
    (batch,) = _land(write(tmp_path, text)).batches
    assert dict(batch.totals) == {"": Decimal(7), "EUR": Decimal("0.3"), "SEK": Decimal("999999999999999999.01")}
    assert dict(batch.faults) == {"amount": 1}


def test_a_constant_entity_and_lists(tmp_path: Path) -> None:
    mapping = parse_mapping(
        'kind = "transaction"\n[columns]\ntransaction_id = "a"\ntimestamp = "b"\nclient_id = "c"\n'
        f'entity = {{ constant = "{ENTITY}" }}\nwaiver = {{ constant = "SIZE|ILQD" }}\n'
        'client_id_type = { from = "d", translate = { L = "LEI", P = "CCPT" } }\n',
        "m.toml",
    )
    path = write(
        tmp_path,
        "a,b,c,d\n1,2026-11-23T10:00:00Z,A|B|C,L||P\n2,2026-11-23T10:00:00Z,A|B,L|X\n3,2026-11-23T10:00:00Z,,\n",
    )
    landed = land(read_source(path), mapping, entities=[ENTITY], loaded_at=LOADED_AT)
    table = landed.batches[0].table("B")
    assert table["client_id"].to_list() == [["A", "B", "C"], ["A", "B"], None]
    assert table["client_id_type"].to_list() == [["LEI", None, "CCPT"], None, None]
    assert table["waiver"].to_list() == [["SIZE", "ILQD"]] * 3
    assert table["source_faults"][1][0]["value"] == "L|X"
