"""Reads `../base.toml` and `cases/*.csv` into field tables: the cases are data, this is their only reader.

A case is one row: rule, verdict (broken or kept), base record, change, value, why. `base` may be several records,
`a + b + c` or `12 x a` (each then gets a reference of its own). `change` is a list `column=value; column=value`: an
empty value removes, `2.column` means the second record only, `buyer.0.id` the first buyer, values of a list column are
parted by `|`. `value` is what the finding of a broken case quotes (`-`: nothing), `2:value` where it is not record 1.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from regreport.regimes.mifir.rules import FACTS

HERE = Path(__file__).resolve().parent
BASE = HERE.parent / "base.toml"
FIELDS = HERE.parents[3] / "src" / "regreport" / "regimes" / "mifir" / "fields.csv"
Record = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One row of a case file."""

    rule: str
    verdict: str
    base: str
    change: str
    value: str
    why: str

    @property
    def id(self) -> str:
        return f"{self.rule}: {self.verdict}: {self.why}"

    def expected(self) -> tuple[int | None, str | None]:
        """(record, value) of the finding."""
        record, mark, rest = self.value.partition(":")
        number, text = (int(record), rest) if mark and record.isdigit() else (1, self.value)
        return (None if self.base == "file" else number), (None if text == "-" else text)


def cases() -> list[Case]:
    """Every case of every file, in order."""
    found = []
    for path in sorted((HERE / "cases").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            found += [Case(**row) for row in csv.DictReader(stream)]
    return found


@cache
def schema() -> dict[str, pl.DataType]:
    """The columns of the complete field table with all facts: String, List(String) or List(Struct)."""
    with FIELDS.open(encoding="utf-8", newline="") as stream:
        names = [row["column"] for row in csv.DictReader(stream)] + list(FACTS)
    groups: dict[str, dict[str, pl.DataType]] = {}
    columns: dict[str, pl.DataType] = {}
    for name in names:
        group, _, inner = name.partition(".")
        if inner and not name.startswith("@"):
            groups.setdefault(group, {})[inner] = pl.String()
            columns[group] = pl.List(pl.Struct(groups[group]))
        else:
            many = name in ("waiver", "otc_post_trade") or name.endswith("basket_isin")
            columns[name] = pl.List(pl.String) if many else pl.String()
    return columns


@cache
def _bases() -> Mapping[str, Record]:
    return tomllib.loads(BASE.read_text(encoding="utf-8"))


def base_names() -> list[str]:
    """Names of the base records, without the file."""
    return [n for n in _bases() if n != "file"]


def base(name: str) -> Record:
    """A base record with what it takes over; removed values are gone."""
    own = _bases()[name]
    inherited = base(own["like"]) if "like" in own else {}
    merged = {**inherited, **{k: v for k, v in own.items() if k != "like"}}
    return {k: v for k, v in merged.items() if v != ""}


def table(records: list[Record]) -> pl.DataFrame:
    """Records as a complete field table."""
    columns = schema()
    for record in records:
        assert not record.keys() - columns.keys() - {"@jurisdiction", "@venue.country"}, record
    rows = {name: [_cell(r.get(name), dtype) for r in records] for name, dtype in columns.items()}
    return pl.DataFrame(rows, schema=columns)


def _cell(value: Any, dtype: pl.DataType) -> Any:
    if value is not None and isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        names = [f.name for f in dtype.inner.fields]
        assert not {k for e in value for k in e} - set(names), value
        return [{n: e.get(n) for n in names} for e in value] or None
    return value


def records_of(case: Case) -> list[Record]:
    """The records of a case, changed."""
    parts = [part.strip() for part in case.base.split("+")]
    counted = [re.fullmatch(r"(?:(\d+) x )?(\w+)", p) for p in parts]
    records = [base(m[2]) for m in counted if m for _ in range(int(m[1] or 1))]
    if any(m and m[1] for m in counted):
        for number, record in enumerate(records, 1):
            record["transaction_reference"] = f"N{number:04d}"
    for number, column, value in _changes(case.change):
        for place, record in enumerate(records, 1):
            if number in (None, place):
                _change(record, column, value)
    return records


def _changes(text: str) -> Iterator[tuple[int | None, str, str]]:
    for change in filter(None, (c.strip() for c in text.split(";"))):
        column, _, value = change.partition("=")
        number = re.match(r"(\d+)\.", column)
        yield (int(number[1]), column[number.end() :], value) if number else (None, column, value)


def _change(record: Record, column: str, value: str) -> None:
    name, _, rest = column.partition(".") if not column.startswith("@") else (column, "", "")
    if rest:
        place, inner = rest.split(".")
        group = record[name] = [dict(e) for e in record.get(name, [])]
        while len(group) <= int(place):
            group.append({})
        group[int(place)][inner] = value or None
    elif value == "":
        record.pop(name, None)
    elif isinstance(schema().get(name), pl.List):
        record[name] = value.split("|")
    else:
        record[name] = value


def file_facts_of(case: Case) -> dict[str, Any]:
    """The keyword arguments of `FileFacts` for a case about a file."""
    facts = {k: tuple(v) if isinstance(v, list) else v for k, v in _bases()["file"].items()}
    for _, name, value in _changes(case.change):
        old = facts.get(name)
        if value == "":
            facts[name] = None
        elif isinstance(old, tuple):
            facts[name] = tuple(value.split("|"))
        elif isinstance(old, bool):
            facts[name] = value == "true"
        elif isinstance(old, int):
            facts[name] = int(value)
        elif hasattr(old, "year"):
            facts[name] = old.fromisoformat(value)
        else:
            facts[name] = value
    return facts
