"""The benchmark's table: as many valid records as asked for, made of the demo's day by whole columns.

Two thousand ordinary tickets are the pattern; each further record takes one of them and gives it a reference, an
instant, a match code, a quantity and a price of its own. What must hang together (net amount, flat aggregate accounts)
still does, so that the table has no finding of severity error against the demo's reference data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from regreport.demo.day import SEED, day
from regreport.demo.fields import field_table
from regreport.demo.market import reference_frames
from regreport.demo.tickets import CLOSE_UTC_SECOND, OPEN_UTC_SECOND, TRADE_DATE
from regreport.engine.fields import FieldLayer
from regreport.regime import find_regime

__all__ = ["bench_chunks", "bench_table", "reference_frames"]

ROWS_PER_CHUNK: Final = 50_000
_PATTERN_RECORDS: Final = 2000
_PRIME: Final = 2_147_483_647
_ACCRUED_THOUSANDTHS: Final = 875


def bench_table(records: int, seed: int = SEED, layer: FieldLayer | None = None) -> pl.DataFrame:
    """A complete MiFIR field table of so many valid new reports of the demo's three entities.

    The same for the same arguments. Its reference data are `reference_frames()`; `layer` is the regime's by default.
    """
    return pl.concat(bench_chunks(records, seed, layer))


def bench_chunks(records: int, seed: int = SEED, layer: FieldLayer | None = None) -> Iterator[pl.DataFrame]:
    """The same table in frames of ROWS_PER_CHUNK records, for whoever writes it to a file; one at least."""
    pattern = _pattern(seed, layer or find_regime("EU", "TRANSACTION", "mifir").layer)
    for start in range(0, max(records, 1), ROWS_PER_CHUNK):
        number = pl.int_range(start, min(start + ROWS_PER_CHUNK, records), dtype=pl.Int64, eager=True)
        rows = pattern[(number % pattern.height).cast(pl.UInt32)].with_columns(number.alias("@number"))
        changed = rows.with_columns(
            transaction_reference=_reference(),
            trading_date_time=_instant(seed),
            venue_transaction_id=_match_code(),
            quantity=_quantity(seed),
            price=_price(seed),
        )
        yield changed.with_columns(net_amount=_net_amount()).drop("@number", "@aggregate")


def _pattern(seed: int, layer: FieldLayer) -> pl.DataFrame:
    """The ordinary tickets of a day as fields; `@aggregate`: the aggregate client account is a side.

    Those come last, so that a table that is no multiple of the pattern does not stop between fills and allocations.
    """
    tickets, planted = day(seed, _PATTERN_RECORDS)
    odd = {reference for references in planted.values() for reference in references}
    table = field_table([t for t in tickets if t["transaction_id"] not in odd], layer)
    sides = [
        pl.col(s).list.eval(pl.element().struct.field("id_type") == "INTC").list.any() for s in ("buyer", "seller")
    ]
    marked = table.with_columns((sides[0] | sides[1]).fill_null(value=False).alias("@aggregate"))
    return marked.sort("@aggregate", maintain_order=True)


def _drawn(seed: int, salt: int, limit: int) -> pl.Expr:
    """A whole number below `limit` for each record: two steps of a multiplicative generator (Park and Miller)."""
    start = (pl.col("@number") * 48_271 + seed * 31 + salt * 65_537) % _PRIME
    return start * 39_373 % _PRIME % limit


def _reference() -> pl.Expr:
    house = pl.col("transaction_reference").str.head(3)
    return pl.concat_str(house, pl.lit(TRADE_DATE.replace("-", "") + "B"), _padded(pl.col("@number"), 9))


def _padded(number: pl.Expr, width: int) -> pl.Expr:
    return number.cast(pl.String).str.zfill(width)


def _instant(seed: int) -> pl.Expr:
    second = _drawn(seed, 1, CLOSE_UTC_SECOND - OPEN_UTC_SECOND) + OPEN_UTC_SECOND
    clock = [_padded(part, 2) for part in (second // 3600, second // 60 % 60, second % 60)]
    fraction = _padded(_drawn(seed, 2, 1_000_000), 6)
    return pl.format("{}T{}:{}:{}.{}Z", pl.lit(TRADE_DATE), *clock, fraction)


def _match_code() -> pl.Expr:
    """A code of its own for every match on a venue of the Union."""
    code = pl.concat_str("venue", _padded(pl.col("@number"), 14))
    return pl.when(pl.col("venue_transaction_id").is_not_null()).then(code)


def _quantity(seed: int) -> pl.Expr:
    """So many times the pattern's quantity; aggregate accounts keep theirs, as they must net to zero."""
    times = pl.when("@aggregate").then(1).otherwise(_drawn(seed, 3, 9) + 1)
    return (pl.col("quantity").cast(pl.Int64) * times).cast(pl.String)


def _price(seed: int) -> pl.Expr:
    """Up to a fifth of a unit above the pattern's price; aggregate accounts keep theirs."""
    moved = _thousandths("price") + _drawn(seed, 4, 200)
    text = pl.concat_str((moved // 1000).cast(pl.String), pl.lit("."), _padded(moved % 1000, 3))
    exact = pl.col("price").str.contains(r"^[0-9]+(\.[0-9]{1,3})?$") & ~pl.col("@aggregate")
    return pl.when(exact).then(text.str.strip_chars_end("0").str.strip_chars_end(".")).otherwise("price")


def _thousandths(column: str) -> pl.Expr:
    """A decimal text of at most three decimal places as a whole number of thousandths."""
    whole, part = (pl.col(column).str.splitn(".", 2).struct.field(f"field_{i}") for i in (0, 1))
    return (whole + part.fill_null("").str.pad_end(3, "0").str.head(3)).cast(pl.Int64)


def _net_amount() -> pl.Expr:
    """Nominal (whole thousands) times price and accrued interest in percent: a whole number of cents."""
    cents = pl.col("quantity").cast(pl.Int64) // 1000 * (_thousandths("price") + _ACCRUED_THOUSANDTHS)
    text = pl.concat_str((cents // 100).cast(pl.String), pl.lit("."), _padded(cents % 100, 2))
    return pl.when(pl.col("net_amount").is_not_null()).then(text)
