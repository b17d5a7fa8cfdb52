"""The shape of a wire table: which columns a group may have, of which types, and the same table in one form.

An absent column, an all-null column and an all-null field of a struct mean the same; `canonical` makes them look the
same, so that tables can be compared and stored deterministically.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from regreport.engine.table import Column, Node
from regreport.errors import BadInput


def require_known(group: Node, frame: pl.DataFrame, above: str = "") -> None:
    """Refuse a frame with a column that the group does not have, or of a wrong type: nothing is dropped silently.

    Raises BadInput naming the column.
    """
    for name, dtype in frame.schema.items():
        _require_column(group, name, dtype, above)


def _require_column(group: Node, name: str, dtype: object, above: str) -> None:
    column = group.columns.get(name)
    shown = f"{above}{name}"
    if column is None:
        raise BadInput("no such element or attribute in the message", field=shown)
    if dtype == pl.Null:
        return
    wanted = "true or null (Boolean)" if column.kind == "marker" else "text (String)"
    if column.kind == "list":
        if not isinstance(dtype, pl.List):
            raise BadInput(f"must be a list, as the element may repeat; it is {dtype}", field=shown)
        inner = dtype.inner
        if isinstance(inner, pl.Struct):
            for field in inner.fields:
                _require_column(column.node, field.name, field.dtype, f"{shown}[]/")
            return
        plain = column.node.kind in ("leaf", "any")
        if inner not in (pl.Null, pl.String) or (inner == pl.String and not plain):
            raise BadInput(f"must be a list of {'text' if plain else 'structs'}; it is {dtype}", field=shown)
    elif dtype != (pl.Boolean if column.kind == "marker" else pl.String):
        raise BadInput(f"must be {wanted}; it is {dtype}", field=shown)


def prefixes(columns: Iterable[str]) -> set[str]:
    """Every path that leads to a column, so that the parts of the tree without one are never visited."""
    found: set[str] = set()
    for column in columns:
        path = column
        while path and path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    if "/Document" in found:
        found |= {"/BizData", "/BizData/Pyld"}  # where a Document lies in the envelope
    return found


def framed(columns: Mapping[str, pl.Series], height: int) -> pl.DataFrame:
    """A frame of the columns, which keeps its height where there are none."""
    return pl.DataFrame(dict(columns)) if columns else pl.DataFrame(height=height)


def column_type(column: Column) -> pl.DataType:
    """The type of a column with all that it may hold."""
    if column.kind == "marker":
        return pl.Boolean()
    if column.kind != "list":
        return pl.String()
    if column.node.kind in ("leaf", "any") and not column.node.attributes:
        return pl.List(pl.String)
    inner = {name: column_type(held) for name, held in column.node.columns.items()}
    return pl.List(pl.Struct(inner))


def canonical(group: Node, frame: pl.DataFrame) -> pl.DataFrame:
    """The same table with its columns in document order and everything that is null throughout left out."""
    require_known(group, frame)
    kept = {}
    for name, column in group.columns.items():
        if name in frame.columns:
            series = _canonical_series(column, frame[name])
            if series is not None:
                kept[name] = series
    return framed(kept, frame.height)


def _canonical_series(column: Column, series: pl.Series) -> pl.Series | None:
    if column.kind == "marker":
        series = series.replace(False, None)
    if series.null_count() == len(series):
        return None
    if column.kind != "list":
        return series
    series = _null_where_empty(series)
    if series.null_count() == len(series):
        return None
    if not isinstance(series.dtype, pl.List) or not isinstance(series.dtype.inner, pl.Struct):
        return series
    inner = series.drop_nulls().explode().struct.unnest()
    reduced = canonical(column.node, inner)
    return series if reduced.schema == inner.schema else _rebuilt(series, reduced)


def _rebuilt(series: pl.Series, inner: pl.DataFrame) -> pl.Series:
    """The list column with its elements replaced, list by list, by the rows of `inner`."""
    rows = pl.DataFrame({"row": pl.int_range(len(series), dtype=pl.UInt32, eager=True), "n": series.list.len()})
    owner = rows.filter(pl.col("n") > 0).select(pl.col("row").repeat_by("n").explode())["row"]
    return list_of(owner, inner, len(series)).alias(series.name)


def list_of(owner: pl.Series, inner: pl.DataFrame, height: int) -> pl.Series:
    """A list column of `height` rows: each row of `inner` (a struct, or text where its only column is "") goes to the
    list of its `owner` (ascending row numbers); rows without any are null."""
    plain = inner.columns == [""]
    elements = inner[""] if plain else inner.to_struct("element")
    grouped = (
        pl.DataFrame({"row": owner.cast(pl.UInt32), "element": elements})
        .group_by("row", maintain_order=True)
        .agg("element")
    )
    if grouped.height == height:
        return grouped["element"]
    rows = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    return rows.join(grouped, on="row", how="left", maintain_order="left")["element"]


def _null_where_empty(series: pl.Series) -> pl.Series:
    if not (series.list.len() == 0).any():
        return series
    return series.to_frame("x").select(pl.when(pl.col("x").list.len() > 0).then(pl.col("x")))["x"].alias(series.name)


def concat(group: Node, frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """One table of several whose columns, and fields of lists, may differ."""
    held = list(frames)
    wanted = common_schema(group, (frame.schema for frame in held))
    parts = [frame.select(completed(frame.schema, wanted)) for frame in held if frame.width]
    parts += [pl.DataFrame(schema=wanted).clear(frame.height) for frame in held if not frame.width and frame.height]
    return pl.concat(parts) if parts else pl.DataFrame()


def common_schema(group: Node, schemas: Iterable[Mapping[str, pl.DataType]]) -> dict[str, pl.DataType]:
    """The columns, in document order, with the types that hold what any of the schemas does."""
    wanted: dict[str, pl.DataType] = {}
    for schema in schemas:
        for name, dtype in schema.items():
            wanted[name] = _widest(wanted.get(name), dtype)
    return {name: wanted[name] for name in group.columns if name in wanted}


def completed(held: Mapping[str, pl.DataType], wanted: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    """Expressions that give a frame of schema `held` the columns and types of `wanted`."""
    return [
        _as(pl.col(name), held[name], dtype).alias(name) if name in held else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in wanted.items()
    ]


def _as(value: pl.Expr, held: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    if held == wanted:
        return value
    if isinstance(wanted, pl.List) and isinstance(held, pl.List):
        if isinstance(wanted.inner, pl.Struct) and isinstance(held.inner, pl.Struct):
            fields = {field.name: _dtype(field.dtype) for field in held.inner.fields}
            parts = [
                _as(pl.element().struct.field(field.name), fields[field.name], _dtype(field.dtype)).alias(field.name)
                if field.name in fields
                else pl.lit(None, dtype=field.dtype).alias(field.name)
                for field in wanted.inner.fields
            ]
            return value.list.eval(pl.struct(parts))
        return value.list.eval(pl.lit(None, dtype=wanted.inner))
    return value.cast(wanted)


def _widest(known: pl.DataType | None, dtype: pl.DataType) -> pl.DataType:
    if known is None or known == pl.Null:
        return dtype
    if dtype == pl.Null or known == dtype:
        return known
    if isinstance(known, pl.List) and isinstance(dtype, pl.List):
        left, right = known.inner, dtype.inner
        if isinstance(left, pl.Struct) and isinstance(right, pl.Struct):
            fields = {field.name: _dtype(field.dtype) for field in left.fields}
            for field in right.fields:
                fields[field.name] = _widest(fields.get(field.name), _dtype(field.dtype))
            return pl.List(pl.Struct(fields))
        return known if right == pl.Null else dtype
    return dtype


def _dtype(dtype: object) -> pl.DataType:
    """An instance of the type, where only its class is given."""
    made: pl.DataType = dtype() if isinstance(dtype, type) else dtype  # type: ignore[assignment]
    return made
