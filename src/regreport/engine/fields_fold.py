"""The two folds over the bindings of one level: columns of the field table to wire columns, and back.

To the wire a leaf is the first of its bindings that applies (`when` kind = value `then` column). Back, a column is the
first of its leaves that is there, and a kind is the first of its values whose witness is there. The same folds serve
the record and, through `list.eval`, the elements of repeating groups of any depth: an expression is made from a scope
(how a name becomes an expression) and a dtype (which names there are).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_, or_

import polars as pl

from regreport.engine.fields_rows import EMPTY, Binding, Condition, Group, Level

Scope = Callable[[str], pl.Expr]
Names = Mapping[str, pl.DataType]
"""The columns that are there (those all null may be left out), with their types."""

TEXT = pl.lit(None, dtype=pl.String)


def element(name: str) -> pl.Expr:
    """A field of the struct that is the element of a list."""
    return pl.element().struct.field(name)


def inner_names(dtype: pl.DataType) -> dict[str, pl.DataType]:
    """The fields of a list of structs, with their types; {} for a list of text."""
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        return {f.name: f.dtype() if isinstance(f.dtype, type) else f.dtype for f in dtype.inner.fields}
    return {}


def level_dtype(level: Level) -> dict[str, pl.DataType]:
    """The columns of a level of the field table with their types, in the order of `fields.csv`."""
    lists: dict[str, pl.DataType] = {}
    for group in level.groups:
        lists[group.column] = pl.List(pl.Struct(level_dtype(group.level))) if group.level else pl.List(pl.String)
    return {name: lists.get(name, pl.String()) for name in level.columns}


def holds(conditions: tuple[Condition, ...], scope: Scope) -> pl.Expr | None:
    """All conditions hold; None where there are none."""
    return reduce(and_, (scope(c.column) == c.value for c in conditions)) if conditions else None


# fields -> wire


def wire_leaves(level: Level, scope: Scope, names: Names) -> dict[str, pl.Expr]:
    """The wire columns of a level but for the marks of empty containers: name -> expression."""
    cases: dict[str, list[tuple[pl.Expr | None, pl.Expr]]] = {}
    for row in level.bindings:
        if row.container or any(c.column not in names for c in row.when):
            continue
        if row.constant is not None:
            cases.setdefault(row.leaf, []).append((holds(row.when, scope), pl.lit(row.constant)))
        elif row.column in names:
            cases.setdefault(row.leaf, []).append((holds(row.when, scope), scope(row.column)))
    for group in level.groups:
        if group.column in names and all(c.column in names for c in group.when):
            value = _group_to_wire(group, scope(group.column), names[group.column])
            cases.setdefault(group.leaf, []).append((holds(group.when, scope), value))
    return {leaf: _first(these) for leaf, these in cases.items()}


def _first(cases: list[tuple[pl.Expr | None, pl.Expr]]) -> pl.Expr:
    """The value of the first case whose condition holds; cases without a condition are coalesced."""
    values = [value if condition is None else pl.when(condition).then(value) for condition, value in cases]
    return values[0] if len(values) == 1 else pl.coalesce(values)


def _group_to_wire(group: Group, values: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if group.level is None:
        return values
    leaves = wire_leaves(group.level, element, inner_names(dtype))
    marks = wire_marks(group.level, element, inner_names(dtype), leaves)
    fields = {**leaves, **marks}
    return values.list.eval(pl.struct([expr.alias(name) for name, expr in fields.items()]))


def wire_marks(level: Level, scope: Scope, names: Names, leaves: Mapping[str, pl.Expr]) -> dict[str, pl.Expr]:
    """The marks of containers that are there with nothing in them: name (with its slash) -> expression, true or null.

    `scope` and `names` are of the field table; `leaves` are the expressions of the level's other wire columns.
    """
    marks: dict[str, list[tuple[pl.Expr | None, pl.Expr]]] = {}
    for row in level.bindings:
        if not row.container or any(c.column not in names for c in row.when):
            continue
        below = [expr.is_not_null() for name, expr in leaves.items() if _is_below(name, row.leaf)]
        empty = ~pl.any_horizontal(below) if below else pl.lit(True)
        condition = holds(row.when, scope)
        both = empty if condition is None else condition & empty
        marks.setdefault(row.leaf, []).append((both, pl.lit(True)))
    return {leaf: _any_true([c for c, _ in these if c is not None]) for leaf, these in marks.items()}


def _any_true(conditions: list[pl.Expr]) -> pl.Expr:
    return pl.when(reduce(or_, conditions)).then(pl.lit(True))


def _is_below(name: str, container: str) -> bool:
    return name != container and (container == "/" or name.startswith(container))


# wire -> fields


def field_columns(level: Level, scope: Scope, names: Names) -> dict[str, pl.Expr]:
    """The columns of a level of the field table, all of them, in order: name -> expression."""
    kinds = {column: _kind(level, column, scope, names) for column in level.kinds}
    sources: dict[str, list[pl.Expr]] = {}
    taken: set[tuple[str, str]] = set()
    for row in level.bindings:
        if row.constant is None and row.leaf in names and (row.column, row.leaf) not in taken:
            taken.add((row.column, row.leaf))
            sources.setdefault(row.column, []).append(scope(row.leaf))
    for group in level.groups:
        if group.leaf in names:
            value = _group_to_fields(group, scope(group.leaf), names[group.leaf])
            sources.setdefault(group.column, []).append(value)
    dtypes = level_dtype(level)
    columns = {}
    for name, dtype in dtypes.items():
        found = sources.get(name, []) or ([kinds[name]] if name in kinds else [])
        columns[name] = pl.coalesce(found) if len(found) > 1 else found[0] if found else pl.lit(None, dtype=dtype)
    return columns


def _group_to_fields(group: Group, values: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if group.level is None:
        return values
    columns = field_columns(group.level, element, inner_names(dtype))
    return values.list.eval(pl.struct([expr.alias(name) for name, expr in columns.items()]))


def _kind(level: Level, column: str, scope: Scope, names: Names) -> pl.Expr:
    chain: pl.Expr = TEXT
    for value in reversed(level.kinds[column]):
        there = witness(level, Condition(column, value), scope, names)
        if there is not None:
            chain = pl.when(there).then(pl.lit(value)).otherwise(chain)
    return chain


def witness(level: Level, condition: Condition, scope: Scope, names: Names) -> pl.Expr | None:
    """What on the wire says that a condition holds; None where nothing that is there can.

    The rows with a constant or a container whose last condition it is, where there are any; else every leaf and group
    that stands under the condition.
    """
    telling = [r for r in level.bindings if r.constant is not None and r.when and r.when[-1] == condition]
    if telling:
        found = [_told(row, scope, names) for row in telling]
    else:
        rows: list[Binding | Group] = [r for r in level.bindings if condition in r.when and r.constant is None]
        rows += [g for g in level.groups if condition in g.when]
        found = [scope(r.leaf).is_not_null() for r in rows if r.leaf in names]
    there = [f for f in found if f is not None]
    return reduce(or_, there) if there else None


def _told(row: Binding, scope: Scope, names: Names) -> pl.Expr | None:
    if not row.container:
        return scope(row.leaf) == row.constant if row.leaf in names else None
    if row.constant == EMPTY:
        return scope(row.leaf).fill_null(False) if row.leaf in names else None
    below = [_there(n, names[n], scope) for n in names if n == row.leaf or _is_below(n, row.leaf)]
    return pl.any_horizontal(below) if below else None


def _there(name: str, dtype: pl.DataType, scope: Scope) -> pl.Expr:
    return scope(name).fill_null(False) if dtype == pl.Boolean else scope(name).is_not_null()


# what has no place


def unplaced(level: Level, scope: Scope, names: Names) -> dict[str, pl.Expr]:
    """Columns whose value no leaf takes, by what their kind says: name -> expression, true where it would be lost.

    Columns that always have a place are not in it. Of a group the expression is true where an element has such a value.
    """
    lost: dict[str, pl.Expr] = {}
    for column in level.columns:
        if column not in names:
            continue
        if column in level.kinds and not any(r.column == column for r in level.bindings):
            lost[column] = ~scope(column).is_in(list(level.kinds[column]))
            continue
        places = [r.when for r in level.bindings if r.column == column]
        places += [g.when for g in level.groups if g.column == column]
        inner = [g for g in level.groups if g.column == column and g.level is not None]
        if all(places):
            given = [w for w in places if all(c.column in names for c in w)]
            taken = [expr for w in given if (expr := holds(w, scope)) is not None]
            nowhere = ~reduce(or_, (t.fill_null(False) for t in taken)) if taken else pl.lit(True)
            lost[column] = scope(column).is_not_null() & nowhere
        for group in inner:
            deeper = unplaced(group.level, element, inner_names(names[column])) if group.level else {}
            if deeper:
                below = scope(column).list.eval(pl.any_horizontal(list(deeper.values())).fill_null(False)).list.any()
                lost[column] = lost[column] | below if column in lost else below
    return {column: expr.fill_null(False) for column, expr in lost.items()}
