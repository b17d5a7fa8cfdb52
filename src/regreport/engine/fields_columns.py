"""What the field layer asks of whole columns: which have values, whether they fit, whether two are alike."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from regreport.engine.fields_fold import inner_names
from regreport.errors import BadInput


def given(table: pl.DataFrame, wanted: Mapping[str, object]) -> dict[str, pl.DataType]:
    """The columns that are wanted and have a value somewhere, with their types."""
    return {n: s.dtype for n, s in with_values(table).items() if n in wanted}


def with_values(table: pl.DataFrame) -> dict[str, pl.Series]:
    """The columns that are not null throughout, by name."""
    return {s.name: s for s in table.get_columns() if s.null_count() < table.height}


def nothing(schema: pl.Schema, height: int) -> pl.DataFrame:
    """So many rows of nulls."""
    return pl.DataFrame([pl.Series(name, [None] * height, dtype=dtype) for name, dtype in schema.items()])


def absent(dtype: pl.DataType) -> pl.Expr:
    """Null of this type."""
    return pl.lit(None, dtype=dtype)


def elements(values: pl.Series) -> pl.DataFrame:
    """The elements of a list of structs as rows."""
    return values.explode(empty_as_null=False, keep_nulls=False).struct.unnest()


def assert_fits(column: str, dtype: pl.DataType, wanted: pl.DataType) -> None:
    """Raise BadInput where a column's type is neither the wanted one, nor a part of it, nor all null."""
    if dtype in (pl.Null, wanted):
        return
    if isinstance(dtype, pl.List) and isinstance(wanted, pl.List):
        inner, known = inner_names(dtype), inner_names(wanted)
        if dtype.inner == pl.Null:
            return
        if inner and known:
            for name, part in inner.items():
                if name not in known:
                    raise BadInput("no field has this column", "See: regreport fields", field=f"{column}.{name}")
                assert_fits(f"{column}.{name}", part, known[name])
            return
    shown = "text" if wanted == pl.String else "a list of structs" if inner_names(wanted) else "a list of text"
    raise BadInput(f"the column holds {dtype}, and {shown} is expected", field=column)


def completed(values: pl.Expr, dtype: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """Values of a type that fits, as the wanted type; an empty list is null."""
    if not isinstance(wanted, pl.List):
        return values.cast(pl.String)
    if not isinstance(dtype, pl.List) or dtype.inner == pl.Null:
        return absent(wanted)
    if dtype != wanted:
        inner = inner_names(dtype)
        fields = [_field(name, inner.get(name), part) for name, part in inner_names(wanted).items()]
        values = values.list.eval(pl.struct(fields))
    return pl.when(values.list.len() > 0).then(values)


def _field(name: str, dtype: pl.DataType | None, wanted: pl.DataType) -> pl.Expr:
    value = absent(wanted) if dtype is None else completed(pl.element().struct.field(name), dtype, wanted)
    return value.alias(name)


def alike(left: pl.Series, right: pl.Series) -> bool:
    """Whether two columns are equal value for value; a field of structs that is null in all may be missing."""
    if not (inner_names(left.dtype) or inner_names(right.dtype)):
        return left.equals(right, null_equal=True)
    if not left.list.len().equals(right.list.len()):
        return False
    ours, theirs = with_values(elements(left)), with_values(elements(right))
    return ours.keys() == theirs.keys() and all(alike(ours[name], theirs[name]) for name in ours)
