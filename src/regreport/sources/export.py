"""Tables as CSV for people, who open it in a spreadsheet: a cell that a spreadsheet would run is made plain text.

The stored records keep what came; only what leaves as CSV is changed, by an apostrophe in front (OWASP, CSV injection).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

_FORMULA = "^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"


def neutralise(column: str) -> pl.Expr:
    """The text column with an apostrophe before every value that begins like a formula; plain numbers stay."""
    text = pl.col(column)
    runs = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    return pl.when(runs).then("'" + text).otherwise(text).alias(column)


def write_rows(table: pl.DataFrame, path: Path) -> None:
    """The table as UTF-8 CSV with header: lists parted by `|`, everything as text, formulas neutralised.

    Raises TypeError for a column of structures, which has no place in CSV.
    """
    path.write_text(rows_csv(table), encoding="utf-8", newline="")


def rows_csv(table: pl.DataFrame) -> str:
    """The same as text."""
    flat = table.select(_text(name, dtype) for name, dtype in table.schema.items())
    return flat.select(neutralise(name) for name in flat.columns).write_csv()


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.List) and not dtype.inner.is_nested():
        return pl.col(name).cast(pl.List(pl.String)).list.join("|", ignore_nulls=False)
    if dtype.is_nested():
        raise TypeError(f"column {name!r} of {dtype} cannot be written as CSV")
    return pl.col(name).cast(pl.String)
