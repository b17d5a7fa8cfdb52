"""Every bad CSV file of tests/corpus/csv comes to what expected.toml says: refused, landed, or landed with faults."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from regreport.errors import BadInput
from regreport.sources.land import Landed, land
from regreport.sources.mapping import Mapping, canonical_mapping, parse_mapping
from regreport.sources.read import read_source

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "csv"
CASES: list[dict[str, Any]] = tomllib.loads((CORPUS / "expected.toml").read_text(encoding="utf-8"))["case"]
ENTITY = "5493001KJTIIGC8Y1R12"
LOADED_AT = datetime(2026, 11, 24, tzinfo=UTC)
DECLARED = {
    "zone": '[file]\nzone = "Europe/Stockholm"\n',
    "fold-later": '[file]\nzone = "Europe/Stockholm"\nfold = "later"\n',
}


def _mapping(name: str, columns: tuple[str, ...]) -> Mapping:
    if not name:
        return canonical_mapping("transaction", columns)
    lines = "".join(f'{column} = "{column}"\n' for column in columns)
    return parse_mapping(f'kind = "transaction"\n{DECLARED[name]}\n[columns]\n{lines}', "corpus.toml")


def _load(path: Path, case: dict[str, Any]) -> Landed:
    rows = read_source(path)
    on = date.fromisoformat(case["on"]) if "on" in case else (date(2026, 11, 23) if case.get("records") == 0 else None)
    names = (*canonical_mapping("transaction", ("transaction_id", "entity", "timestamp")).rules, *rows.columns)
    mapping = _mapping(case.get("mapping", ""), tuple(dict.fromkeys(names)))
    return land(rows, mapping, entities=[ENTITY], loaded_at=LOADED_AT, on=on)


def _table(landed: Landed) -> pl.DataFrame:
    return pl.concat([batch.table("B") for batch in landed.batches]).sort("source_line")


def _file(case: dict[str, Any], folder: Path) -> Path:
    if "made" not in case:
        return CORPUS / str(case["file"])
    assert case["file"] == "10-mb-field.csv"
    path = folder / str(case["file"])
    lines = [f"{n},{ENTITY},2026-11-23T10:15:30Z,{'x' * (10 * 1024 * 1024 * (n == 2))}\n" for n in (1, 2, 3)]
    path.write_text("transaction_id,entity,timestamp,counterparty\n" + "".join(lines))
    return path


@pytest.mark.parametrize("case", [c for c in CASES if "refused" in c], ids=lambda c: c["file"])
def test_refused(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BadInput) as raised:
        _load(_file(case, tmp_path), case)
    message = str(raised.value)
    assert case["file"] in message
    for words in case["refused"]:
        assert words in message
    assert (raised.value.record, raised.value.line) == (case.get("record"), case.get("line", raised.value.line))


@pytest.mark.parametrize(
    "case", [c for c in CASES if "records" in c], ids=lambda c: f"{c['file']} {c.get('mapping', '')}".strip()
)
def test_landed(case: dict[str, Any]) -> None:
    landed = _load(CORPUS / case["file"], case)
    table = _table(landed)
    assert landed.records == table.height == case["records"]
    faults = [
        (line, fault["column"], fault["value"], fault["problem"])
        for line, faults in table.select("source_line", "source_faults").iter_rows()
        for fault in faults or []
    ]
    expected = [(f["record"], f["column"], f["value"], f["says"]) for f in case.get("faults", [])]
    assert [fault[:3] for fault in faults] == [want[:3] for want in expected]
    for fault, want in zip(faults, expected, strict=True):
        assert want[3] in fault[3]
    if "column" in case:
        column = table[case["column"]]
        values = column.list.join("|") if isinstance(column.dtype, pl.List) else column
        assert [value or "" for value in values] == case["values"]


def test_every_file_is_expected() -> None:
    """A file that no case names would be dead weight, and a case without file a hole."""
    named = {case["file"] for case in CASES if "made" not in case}
    assert named == {path.name for path in CORPUS.glob("*.csv")}


def test_a_value_with_a_fault_is_null_and_kept_in_the_fault() -> None:
    """Nothing is lost: whatever did not land in its column stands in source_faults with the text as it came."""
    for case in CASES:
        for fault in case.get("faults", []):
            table = _table(_load(CORPUS / case["file"], case))
            assert table[fault["column"]][fault["record"] - 1] is None
