"""A regulator's fields as flat text columns that can be compared, whatever file they came from.

A field table holds lists of structures (the buyers of a transaction); a CSV extract cannot. A leaf is one column of
text: several values are parted by `|`, and their order does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from regreport.engine.fields import FieldLayer

PARTED_BY: Final = "|"


@dataclass(frozen=True)
class Leaf:
    """One comparable column: `column` as in the regime's `fields.csv` (dotted inside a group), its field, its type."""

    column: str
    number: str
    name: str
    type: str
    many: bool


def leaves(layer: FieldLayer) -> tuple[Leaf, ...]:
    """Every column of the regime's fields, in their order."""
    return tuple(
        Leaf(f.column, f.number, f.name, f.type, isinstance(layer.schema[f.column.partition(".")[0]], pl.List))
        for f in layer.fields
        if f.column
    )


def texts(table: pl.DataFrame, layer: FieldLayer, wanted: Sequence[Leaf]) -> pl.DataFrame:
    """A complete field table -> one text column a leaf, named as its column; an empty list is null."""
    return table.select(_text(leaf, layer).alias(leaf.column) for leaf in wanted)


def _text(leaf: Leaf, layer: FieldLayer) -> pl.Expr:
    outer, _, inner = leaf.column.partition(".")
    column = pl.col(outer)
    if not leaf.many:
        return column
    assert isinstance(layer.schema[outer], pl.List)
    if inner:
        column = column.list.eval(pl.element().struct.field(inner))
    return column.list.join(PARTED_BY).replace("", None)


def fingerprint(wanted: Sequence[Leaf]) -> pl.Expr:
    """One number for all values of a row of leaf texts: two rows with the same values have the same one."""
    values = [canonical(leaf).fill_null("") for leaf in wanted]
    return pl.concat_str(values, separator="\x1f").hash()


def canonical(leaf: Leaf) -> pl.Expr:
    """The value of a leaf in one spelling, null for an empty one."""
    one = _ONE.get(leaf.type, _as_is)
    text = pl.col(leaf.column).replace("", None)
    if not leaf.many:
        return one(text)
    return text.str.split(PARTED_BY).list.eval(one(pl.element())).list.sort().list.join(PARTED_BY)


def _as_is(text: pl.Expr) -> pl.Expr:
    return text


def _decimal(text: pl.Expr) -> pl.Expr:
    """`+05.10` and `5.1` are one amount; what is no plain decimal stays as it is. Exact: no number is ever made."""
    digits = text.str.strip_prefix("+").str.strip_prefix("-")
    whole = digits.str.replace(r"\..*$", "").str.strip_chars_start("0")
    part = digits.str.extract(r"\.(\d*)$", 1).fill_null("").str.strip_chars_end("0")
    size = pl.concat_str(
        pl.when(whole == "").then(pl.lit("0")).otherwise(whole),
        pl.when(part == "").then(pl.lit("")).otherwise(pl.concat_str(pl.lit("."), part)),
    )
    sign = pl.when(text.str.starts_with("-") & (size != "0")).then(pl.lit("-")).otherwise(pl.lit(""))
    plain = text.str.contains(r"^[+-]?(\d+(\.\d*)?|\.\d+)$")
    return pl.when(plain).then(pl.concat_str(sign, size)).otherwise(text)


def _instant(text: pl.Expr) -> pl.Expr:
    """`10:00:00Z` and `11:00:00.000+01:00` are one instant; what is none stays as it is."""
    zoned = text.str.replace("Z$", "+00:00")
    instant = zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="ns", time_zone="UTC", strict=False)
    return pl.coalesce(instant.dt.to_string("%Y-%m-%dT%H:%M:%S%.9fZ"), text)


def _truth(text: pl.Expr) -> pl.Expr:
    return text.replace({"1": "true", "0": "false", "TRUE": "true", "FALSE": "false"})


_ONE: Final[dict[str, Callable[[pl.Expr], pl.Expr]]] = {
    "decimal": _decimal,
    "integer": _decimal,
    "timestamp": _instant,
    "boolean": _truth,
}
