"""What differs, field by field: our value, theirs, and the source's where the source says the same thing plainly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from regreport.reconcile.leaves import Leaf, canonical

DIFFERENCES_SCHEMA: Final = pl.Schema(
    {
        "entity": pl.String,
        "reference": pl.String,
        "field": pl.String,
        "name": pl.String,
        "column": pl.String,
        "ours": pl.String,
        "theirs": pl.String,
        "source": pl.String,
        "since": pl.String,
        "report_id": pl.String,
    }
)
"""One row a differing field; `source` is null where the source has no column of that name."""
_ABOUT: Final = ("entity", "reference", "since", "report_id")


def differences(
    about: pl.DataFrame, ours: pl.DataFrame, theirs: pl.DataFrame, source: pl.DataFrame, wanted: Sequence[Leaf]
) -> pl.DataFrame:
    """DIFFERENCES_SCHEMA of some differing records, in their order and then by field.

    `about`: entity, reference, since, report_id; the others are leaf texts (the source's: whichever it has), all of
    them row for row with `about`.
    """
    found = [pl.DataFrame(schema=DIFFERENCES_SCHEMA)]
    mine = ours.select(canonical(leaf).alias(leaf.column) for leaf in wanted)
    others = theirs.select(canonical(leaf).alias(leaf.column) for leaf in wanted)
    numbered = about.select(_ABOUT).with_row_index("@n")
    for rank, leaf in enumerate(wanted):
        name = leaf.column
        unlike = ~mine[name].eq_missing(others[name])
        if not unlike.any():
            continue
        said = source[name] if name in source.columns else pl.Series(name, [None] * about.height, dtype=pl.String)
        rows = numbered.with_columns(
            field=pl.lit(leaf.number),
            name=pl.lit(leaf.name),
            column=pl.lit(name),
            ours=ours[name],
            theirs=theirs[name],
            source=said,
            rank=pl.lit(rank),
        )
        found.append(rows.filter(unlike).select("@n", "rank", *DIFFERENCES_SCHEMA))
    if len(found) == 1:
        return found[0]
    return pl.concat(found[1:]).sort("@n", "rank").select(list(DIFFERENCES_SCHEMA))
