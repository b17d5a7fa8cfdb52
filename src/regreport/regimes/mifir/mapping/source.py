"""The columns of a source record that the mapping reads, and how a column that a table lacks is null."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

PARTY: Final = ("id", "id_type", "branch_country", "first_names", "surnames", "birth_date", "nationality")
"""Columns of a party; each is a list, one entry a member (`client_id`, `buyer_surnames`)."""
DECIDER: Final = ("id", "id_type", "first_names", "surnames", "birth_date", "nationality")
"""Columns of who decides for a party."""
PERSONAL: Final = ("first_names", "surnames", "birth_date", "nationality")
"""Columns that only a natural person has."""

LEGS: Final = ("underlying", "underlying_in", "underlying_out")
INDEX: Final = ("isin", "code", "name", "term_unit", "term")
"""What is said of an index: columns `<leg>_index_code`, but the lists of a basket `<leg>_basket_index_code`."""

LISTS: Final = frozenset(
    [f"{who}_{c}" for who in ("client", "buyer", "seller") for c in PARTY]
    + [f"{who}_decision_maker_{c}" for who in ("client", "buyer", "seller") for c in DECIDER]
    + [f"{leg}_basket_{c}" for leg in LEGS for c in ("isin", *(f"index_{i}" for i in INDEX))]
    + ["waiver", "otc_post_trade"]
)


def with_columns(rows: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """The rows with every one of these columns, null where the table does not have it."""
    schema = rows.schema
    absent = [name for name in dict.fromkeys(names) if schema.get(name, pl.Null) == pl.Null]
    return rows.with_columns(
        pl.lit(None, dtype=pl.List(pl.String) if name in LISTS else pl.String).alias(name) for name in absent
    )


def listed(members: Sequence[pl.Expr]) -> pl.Expr:
    """Structs side by side as one list, null ones left out; null where none is left.

    By way of an array: `concat_list` and `list.drop_nulls` of structs cost fifty times as much.
    """
    together = pl.concat_arr(list(members)).arr.to_list().list.filter(pl.element().is_not_null())
    return pl.when(together.list.len() > 0).then(together)


def has(rows: pl.DataFrame, column: str) -> bool:
    """Whether the column is there and has a value in some row."""
    return column in rows.columns and rows.get_column(column).null_count() < rows.height


def given(rows: pl.DataFrame, columns: Iterable[str]) -> pl.Expr:
    """Whether a row has a value in at least one of the columns; an empty list is none."""
    there = [pl.col(c).list.len() > 0 if c in LISTS else pl.col(c).is_not_null() for c in columns if has(rows, c)]
    return pl.any_horizontal(there).fill_null(value=False) if there else pl.lit(value=False)
