"""The rows that bind a regulator's fields to the wire, read from two CSV files and sorted into levels.

`fields.csv` (number,name,column,type,presence,source) says which columns a field table has; `paths.csv`
(field,column,path,when) says where each of them stands in the message. Both are data, so that a lawyer can read them
beside the law and a change of a message is a change of rows. The notation of `paths.csv`:

- `New/Buyr/AcctOwnr[]/Id/LEI`: `[]` ends the path of a repeating element; its columns are dotted (`buyer.id`), and a
  column without a dot at the end of a `[]` path is a list of text (`waiver`);
- `.../Cd=NIDN`: a leaf that holds this constant when the row applies;
- `.../Othr/=`: the container is there (with something in it, or empty); `.../Swp/=empty`: there and empty;
- `when` holds `column=value` conditions joined by ` & `; one on a column of an outer level applies to the group.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from regreport.errors import ConfigurationError

EMPTY = "empty"
"""The constant that says of a container that it is there with nothing in it."""


@dataclass(frozen=True)
class FieldRow:
    """One row of `fields.csv`: a column of the field table, its number and name as the regulator gives them."""

    number: str
    name: str
    column: str
    type: str
    presence: str
    source: str


@dataclass(frozen=True)
class Condition:
    """A column of the same level has exactly this value."""

    column: str
    value: str


@dataclass(frozen=True)
class Binding:
    """One row of `paths.csv` at its level: the value of `column`, or `constant`, stands at `leaf` when all hold.

    `leaf` is the name of the wire column inside its level; one that ends in `/` is a container.
    """

    number: str
    column: str
    leaf: str
    constant: str | None
    when: tuple[Condition, ...]

    @property
    def container(self) -> bool:
        """Whether the row speaks of a container and not of a leaf."""
        return self.leaf.endswith("/")


@dataclass(frozen=True)
class Group:
    """A repeating element: the list column `column` of the field table stands at the list column `leaf` of the wire.

    `level` is None where the elements are plain text.
    """

    number: str
    column: str
    leaf: str
    when: tuple[Condition, ...]
    level: Level | None


@dataclass(frozen=True)
class Level:
    """The record, or the elements of one repeating element: its columns, their bindings and the groups in it.

    `kinds` are the columns that only conditions set (id types, price kinds): column -> its values in order.
    """

    columns: tuple[str, ...]
    bindings: tuple[Binding, ...]
    groups: tuple[Group, ...]
    kinds: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class PathRow:
    """One row of `paths.csv` as it stands, cut at its `[]`."""

    line: int
    number: str
    column: str
    path: str
    constant: str | None
    when: tuple[Condition, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """The path cut at each `[]`, each part relative to the element before it."""
        return tuple(part.removeprefix("/") for part in self.path.split("[]"))

    @property
    def full(self) -> str:
        """The path with its `[]`; of a container with its slash."""
        return self.path


def read_fields(path: Path) -> tuple[FieldRow, ...]:
    """The rows of `fields.csv`. Raises ConfigurationError where a column is named twice."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = tuple(FieldRow(**row) for row in csv.DictReader(file))
    seen: set[str] = set()
    for row in rows:
        if row.column in seen:
            raise ConfigurationError(f"{path.name}: column {row.column!r} stands there twice")
        seen.add(row.column)
    return rows


def read_paths(path: Path) -> tuple[PathRow, ...]:
    """The rows of `paths.csv`. Raises ConfigurationError with the line of a condition that cannot be understood."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(_path_row(path.name, line, row) for line, row in enumerate(csv.DictReader(file), start=2))


def _path_row(file: str, line: int, row: Mapping[str, str]) -> PathRow:
    path, equals, constant = row["path"].partition("=")
    conditions = []
    for text in filter(None, row["when"].split(" & ")):
        column, sign, value = text.partition("=")
        if not (column and sign and value):
            raise ConfigurationError(f"{file}, line {line}: {text!r} is no condition; write column=value")
        conditions.append(Condition(column, value))
    if path.endswith("/") and (not equals or constant not in ("", EMPTY)):
        raise ConfigurationError(f"{file}, line {line}: a container is written {path}= or {path}={EMPTY}")
    if not path.endswith("/") and bool(equals) == bool(row["column"]):
        raise ConfigurationError(f"{file}, line {line}: a row has either a column or a constant")
    return PathRow(line, row["field"], row["column"], path, constant if equals else None, tuple(conditions))


def sort_levels(fields: Iterable[FieldRow], paths: Iterable[PathRow]) -> Level:
    """The level of the record, with its groups inside.

    Raises ConfigurationError for a column that only one of the two files knows, and for a row whose dots and `[]` do
    not agree.
    """
    columns = [row.column for row in fields]
    rows = list(paths)
    known = set(columns)
    used = {row.column for row in rows if row.column} | {c.column for row in rows for c in row.when}
    for column in sorted(used - known):
        raise ConfigurationError(f"paths.csv names column {column!r}, which fields.csv does not have")
    for column in columns:
        if column not in used:
            raise ConfigurationError(f"fields.csv has column {column!r}, which no row of paths.csv binds")
    return _level(columns, [_Cut(row, row.steps, 0) for row in rows], "")


@dataclass(frozen=True)
class _Cut:
    """A row seen from a level: the steps that are left of its path, and how deep the level is."""

    row: PathRow
    steps: tuple[str, ...]
    depth: int

    def here(self) -> tuple[Condition, ...]:
        """The conditions on columns of this very level."""
        conditions = [c for c in self.row.when if c.column.count(".") == self.depth]
        return tuple(Condition(c.column.rpartition(".")[2], c.value) for c in conditions)

    def deepest(self) -> int:
        """How many dots the row's own column has; of a constant, those of the column that decides."""
        names = [self.row.column] if self.row.column else [c.column for c in self.row.when]
        return max((name.count(".") for name in names), default=0)

    def group(self) -> str:
        """The dotted name of the group it belongs to one level down, or empty."""
        names = [self.row.column, *(c.column for c in self.row.when)]
        deep = [name for name in names if name.count(".") > self.depth]
        return ".".join(deep[0].split(".")[: self.depth + 1]) if deep else ""


def _level(columns: list[str], cuts: list[_Cut], prefix: str) -> Level:
    bindings: list[Binding] = []
    grouped: dict[tuple[str, str, tuple[Condition, ...]], list[_Cut]] = {}
    for cut in cuts:
        row = cut.row
        if len(cut.steps) == 1:
            if cut.group():
                raise ConfigurationError(f"paths.csv, line {row.line}: {row.column!r} has a dot, {row.path!r} no []")
            leaf = cut.steps[0] + ("/" if row.path.endswith("/") and not cut.steps[0].endswith("/") else "")
            bindings.append(Binding(row.number, row.column.rpartition(".")[2], leaf, row.constant, cut.here()))
        else:
            name = cut.group() or row.column
            grouped.setdefault((name, cut.steps[0], cut.here()), []).append(cut)
    groups = [_group(columns, *key, inner) for key, inner in grouped.items()]
    return Level(_names(columns, prefix), tuple(bindings), tuple(groups), _kinds(bindings, groups))


def _group(columns: list[str], name: str, leaf: str, when: tuple[Condition, ...], cuts: list[_Cut]) -> Group:
    short = name.rpartition(".")[2]
    first = cuts[0].row
    if not any(cut.group() for cut in cuts):
        if len(cuts) > 1 or cuts[0].steps[1:] != ("",):
            wrong = f"{name!r} needs a dot for each [] of {first.path!r}"
            raise ConfigurationError(f"paths.csv, line {first.line}: {wrong}")
        return Group(first.number, short, leaf, when, None)
    inner = [_Cut(cut.row, cut.steps[1:], cut.depth + 1) for cut in cuts]
    return Group(first.number, short, leaf, when, _level(columns, inner, f"{name}."))


def _names(columns: Iterable[str], prefix: str) -> tuple[str, ...]:
    inside = (c.removeprefix(prefix).partition(".")[0] for c in columns if c.startswith(prefix))
    return tuple(dict.fromkeys(inside))


def _kinds(bindings: Iterable[Binding], groups: Iterable[Group]) -> dict[str, tuple[str, ...]]:
    kinds: dict[str, dict[str, None]] = {}
    conditions = [row.when for row in bindings] + [group.when for group in groups]
    for when in conditions:
        for condition in when:
            kinds.setdefault(condition.column, {})[condition.value] = None
    return {column: tuple(values) for column, values in kinds.items()}
