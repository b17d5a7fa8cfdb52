"""What follows from the terms of a trade before it is mapped: side, price, up-front payment, net amount, field 26, 27.

Firms hold trades as their terms (who pays fixed, which currency is received, a price in pence); the report wants buyer
and seller, a price in the major unit, an amount. Each module here turns terms into the source columns that the mapping
reads. A column that the firm fills is left as it is; where it says something else than the terms, that is a clash,
which the mapping turns into a fault.

Source: RTS 22 (EU) 2017/590 Annex I fields 7, 26, 27, 33 to 35, 38; ESMA Q&A 1690, 1694, 1695, 1697, 1698.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from regreport.regime import ReportContext
from regreport.regimes.mifir.derive import amounts, parties, prices
from regreport.regimes.mifir.derive.clash import Clash

READ: Final = (*parties.READ, *prices.READ, *amounts.READ)
"""Every source column that is looked at here, single-valued."""


def derived(rows: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """Source rows with every column of READ -> the same rows with what follows from the terms filled in."""
    rows = parties.derived(rows, context)
    rows = prices.derived(rows)
    return amounts.derived(rows)


def clashes(rows: pl.DataFrame) -> Sequence[Clash]:
    """What the derived rows say twice and differently, or in a word that is not known."""
    return [*parties.clashes(rows), *prices.clashes(rows)]


__all__ = ["READ", "Clash", "clashes", "derived"]
