"""The canonical columns of a kind of source record, from columns.csv: the list that every mapping maps onto."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from regreport.errors import ConfigurationError

FAULT = pl.Struct({"column": pl.String, "value": pl.String, "problem": pl.String})
"""One value that could not be understood: canonical column, the text as it came, and what is wrong."""


@dataclass(frozen=True)
class Column:
    """One canonical column. `many`: it holds a list; `type` is one of the words in values.py and codelists."""

    name: str
    type: str
    required: bool
    many: bool
    group: str
    meaning: str
    example: str

    @property
    def dtype(self) -> pl.DataType:
        """Text, or a list of it."""
        return pl.List(pl.String()) if self.many else pl.String()


Columns = dict[str, Column]


@cache
def load_columns(kind: str) -> Columns:
    """Name -> column of one kind, in canonical order. Raises ConfigurationError for an unknown kind."""
    with (files("regreport.sources") / "columns.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = {
        row["column"]: Column(
            name=row["column"],
            type=row["type"],
            required=row["required"] == "yes",
            many=row["many"] == "yes",
            group=row["group"],
            meaning=row["meaning"],
            example=row["example"] or "",
        )
        for row in rows
        if row["kind"] == kind
    }
    if not found:
        kinds = ", ".join(sorted({row["kind"] for row in rows}))
        raise ConfigurationError(f"no kind of source record is called {kind!r}. There are: {kinds}")
    return found


def landed_schema(columns: Columns) -> pl.Schema:
    """The columns of a landed table (without `batch_id`, which the pipeline gives)."""
    schema = {"source_line": pl.UInt32(), **{column.name: column.dtype for column in columns.values()}}
    return pl.Schema({**schema, "source_faults": pl.List(FAULT)})
