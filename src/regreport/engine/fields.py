"""The field layer: a regulator's fields by number and name over the wire table of a message, both ways, without loss.

A wire table has one text column a leaf; a regulator speaks of fields, some of which may stand at one of several leaves
(a buyer is an LEI, a MIC or a person). The rows of `paths.csv` say where each field stands; two folds over the same
rows give both directions, so that `to_fields(to_wire(t)) == t` for every table t whose values all have a place (see
`unplaced`) and `to_wire(to_fields(w)) == w` for every valid wire table w. A leaf that no row claims is an error with
its path, never a silent loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import polars as pl

from regreport.engine.fields_columns import absent, alike, assert_fits, completed, elements, given, nothing, with_values
from regreport.engine.fields_fold import (
    Names,
    Scope,
    field_columns,
    inner_names,
    level_dtype,
    unplaced,
    wire_leaves,
    wire_marks,
)
from regreport.engine.fields_reach import column_ranks, field_names, known_paths, unclaimed_places
from regreport.engine.fields_rows import FieldRow, Level, PathRow, read_fields, read_paths, sort_levels
from regreport.engine.findings import FieldName
from regreport.engine.message import Message
from regreport.errors import BadInput, ConfigurationError

__all__ = ["UNPLACED_SCHEMA", "FieldLayer", "FieldName", "load_layer"]

UNPLACED_SCHEMA: Final = pl.Schema({"record": pl.UInt32, "column": pl.String, "value": pl.String})
"""One row a value that has no place on the wire: record (from 1), column, the value (of a list, parted by `|`)."""

PLANS_MAX: Final = 64
"""Sets of expressions that a layer keeps; a set belongs to one pattern of columns that have values."""


@dataclass(frozen=True)
class FieldLayer:
    """The fields of one regime over one message. Make it with `load_layer`."""

    fields: tuple[FieldRow, ...]
    paths: tuple[PathRow, ...]
    level: Level
    message: Message

    @cached_property
    def schema(self) -> pl.Schema:
        """The complete field table: String, List(String) or List(Struct) columns, in the order of `fields.csv`."""
        return pl.Schema(level_dtype(self.level))

    @cached_property
    def names(self) -> Mapping[str, FieldName]:
        """Path from the record down, without `[]` -> its field: `New/Buyr/AcctOwnr/Id/LEI`, `New/Tx/Qty/NmnlVal/@Ccy`.

        A container has the first field below it where what stands below belongs together; else it is not there.
        """
        return field_names(self.fields, self.paths)

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return column_ranks(self.message.record)

    def complete(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with every column of `schema` in its order; what is absent is null, an empty list too.

        Columns that begin with `@` are left out. Raises BadInput naming a column that is no field, or whose values are
        not text.
        """
        known = table.drop([c for c in table.columns if c.startswith("@")])
        there = known.schema
        for column, dtype in there.items():
            if column not in self.schema:
                raise BadInput(f"no field of {self.message.id} has this column", "See: regreport fields", field=column)
            assert_fits(column, dtype, self.schema[column])
        if not known.width:
            return nothing(self.schema, table.height)
        columns = {
            name: completed(pl.col(name), there[name], dtype) if name in there else absent(dtype)
            for name, dtype in self.schema.items()
        }
        return known.select(expr.alias(name) for name, expr in columns.items())

    def to_wire(self, table: pl.DataFrame) -> pl.DataFrame:
        """Field table -> wire records (columns as in `engine.message`, in document order, row for row).

        Columns that would be null in every row are left out, as absent means null. Columns that are no fields (facts
        that begin with `@`, numbers of source lines) do not go to the wire. A value that no row of `paths.csv` takes
        does not either: `unplaced` names it, and whoever did not make the table itself asks that first.
        """
        names = given(table, self.schema)
        leaves = self._plan("wire", names, wire_leaves)
        if not leaves or not table.height:
            return pl.DataFrame(height=table.height)
        columns = with_values(table.select(leaves))
        columns |= self._marks(table, names, columns)
        return pl.DataFrame([columns[name] for name in sorted(columns, key=self._ranks.__getitem__)])

    def _marks(self, table: pl.DataFrame, names: Names, wire: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
        """The marks of empty containers, where there are any. One that is never empty costs nothing."""
        full = [name for name, values in wire.items() if values.null_count() == 0]
        rows = [r for r in self.level.bindings if r.container and not any(n.startswith(r.leaf) for n in full)]
        kinds = sorted({c.column for row in rows for c in row.when if c.column in names})
        marks = wire_marks(self.level, lambda kind: pl.col(f"@{kind}"), names, {name: pl.col(name) for name in wire})
        able = {row.leaf for row in rows}
        chosen = [e.alias(mark) for mark, e in marks.items() if mark in able]
        if not chosen:
            return {}
        both = pl.DataFrame([*wire.values(), *(table.get_column(kind).alias(f"@{kind}") for kind in kinds)])
        return with_values(both.select(chosen))

    def _plan(
        self, way: str, names: Names, fold: Callable[[Level, Scope, Names], Mapping[str, pl.Expr]]
    ) -> list[pl.Expr]:
        """The expressions of one way for the columns that are there; kept, as many small reports have the same ones."""
        key = (way, tuple(names.items()))
        if key not in self._plans:
            if len(self._plans) >= PLANS_MAX:
                self._plans.clear()
            self._plans[key] = [expr.alias(name) for name, expr in fold(self.level, pl.col, names).items()]
        return self._plans[key]

    @cached_property
    def _plans(self) -> dict[object, list[pl.Expr]]:
        return {}

    def to_fields(self, records: pl.DataFrame, *, lossy: bool = False) -> pl.DataFrame:
        """Wire records -> complete field table, row for row.

        Raises BadInput naming the first path that no row of `paths.csv` claims; with `lossy` (for a document whose
        structural findings say already what is wrong) what has no field is left out.
        """
        if not lossy:
            for path in _unclaimed(records, self.level, ""):
                raise BadInput(f"no field of {self.message.id} claims this path", field=path)
        names = given(records, records.schema)
        if not names:
            return nothing(self.schema, records.height)
        table = records.select(self._plan("fields", names, field_columns))
        return table if table.height == records.height else nothing(self.schema, records.height)

    def unclaimed(self) -> list[str]:
        """Places of the message that no row claims, in document order.

        These are leaves, attributes (`/@Ccy`), containers that are valid when empty (with a slash), and leaves whose
        constants do not cover all that the schema allows.
        """
        return unclaimed_places(self.message.record, self.paths)

    def unclaimed_in(self, records: pl.DataFrame) -> list[str]:
        """Wire paths of which `to_fields` loses something in this table, in order of its columns.

        Besides unclaimed leaves these are values that only an invalid document has: a constant that no row knows, two
        branches of one choice.
        """
        lost = list(_unclaimed(records, self.level, ""))
        back = self.to_wire(self.to_fields(records, lossy=True))
        for column in with_values(records):
            known = any(path == column or path.startswith(f"{column}[]") for path in lost)
            if not known and (column not in back.columns or not alike(records[column], back[column])):
                lost.append(column)
        return lost

    def unplaced(self, table: pl.DataFrame) -> pl.DataFrame:
        """Values that would not reach the wire, because their kind has no place for them or is itself unknown.

        Columns as UNPLACED_SCHEMA, by record and then in the order of `fields.csv`.
        """
        names = given(table, self.schema)
        verdicts = self._plan("unplaced", names, unplaced)
        found = [pl.DataFrame(schema=UNPLACED_SCHEMA)]
        if verdicts and table.height:
            broken = table.select(verdicts)
            hit = [c for c, any_ in zip(broken.columns, broken.select(pl.all().any()).row(0), strict=True) if any_]
            if hit:
                rows = table.select(hit).with_row_index("@record", offset=1)
                rows = rows.filter(pl.any_horizontal(broken.get_column(column) for column in hit))
                found += _lost(self.level, rows, "")
        order = {column: rank for rank, column in enumerate(row.column for row in self.fields)}
        ranked = pl.concat(found).with_columns(pl.col("column").replace_strict(order, default=None).alias("@rank"))
        return ranked.sort("record", "@rank", maintain_order=True).drop("@rank")


def load_layer(fields_csv: Path, paths_csv: Path, message: Message) -> FieldLayer:
    """Read the rows of a regime and bind them to its message.

    Raises ConfigurationError for rows that do not agree with each other or name a path that the message does not have.
    """
    fields, paths = read_fields(fields_csv), read_paths(paths_csv)
    level = sort_levels(fields, paths)
    known = known_paths(message.record)
    for row in paths:
        if row.path not in known:
            raise ConfigurationError(f"{paths_csv.name}, line {row.line}: {message.id} has no path {row.path!r}")
    return FieldLayer(fields, paths, level, message)


def _unclaimed(records: pl.DataFrame, level: Level, prefix: str) -> Iterator[str]:
    """Paths (with `[]`) of columns that have a value somewhere and that no binding of the level takes."""
    claimed = {row.leaf for row in level.bindings}
    groups = {group.leaf: group for group in level.groups}
    for column, values in with_values(records).items():
        path = f"{prefix}{column}"
        group = groups.get(column)
        if group is None and column not in claimed:
            yield path
        elif group is not None and group.level is not None:
            plain = {row.leaf for row in group.level.bindings}
            if not plain.issuperset(inner_names(values.dtype)):
                yield from _unclaimed(elements(values), group.level, f"{path}[]/")


def _lost(level: Level, rows: pl.DataFrame, prefix: str) -> Iterator[pl.DataFrame]:
    """Values without a place in rows of a level (with `@record`), as UNPLACED_SCHEMA; of groups, element by element."""
    names = given(rows, dict.fromkeys(level.columns))
    for column, verdict in unplaced(level, pl.col, names).items():
        group = next((g for g in level.groups if g.column == column and g.level), None)
        hits = rows.filter(verdict)
        if group is not None and group.level is not None:
            inner = hits.select("@record", column).explode(column, empty_as_null=False, keep_nulls=False).unnest(column)
            yield from _lost(group.level, inner, f"{prefix}{column}.")
        else:
            value = pl.col(column)
            text = value.list.join("|") if isinstance(rows.schema[column], pl.List) else value
            yield hits.select(record="@record", column=pl.lit(prefix + column), value=text)
