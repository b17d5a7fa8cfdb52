"""What a source record says twice and differently: a fault that names column and value, and holds the record.

What is merely missing is no fault here: the field stays empty and the rules say so. Rule ids are MAP-<field>.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from regreport.engine.fields import FieldLayer
from regreport.engine.rule import FINDING_SCHEMA
from regreport.model.finding import Severity
from regreport.regime import ReportContext
from regreport.regimes.mifir import derive
from regreport.regimes.mifir.derive import Clash
from regreport.regimes.mifir.mapping.instrument import basket_columns, index_columns
from regreport.regimes.mifir.mapping.sides import OWN
from regreport.regimes.mifir.mapping.source import DECIDER, LEGS, PARTY, given, has
from regreport.regimes.mifir.mapping.trade import transmission

_PARTIES: Final = (("client", "7,16"), ("buyer", "7"), ("seller", "16"))
_DECIDERS: Final = (("client", "12,21"), ("buyer", "12"), ("seller", "21"))


def faults(rows: pl.DataFrame, fields: pl.DataFrame, context: ReportContext, layer: FieldLayer) -> pl.DataFrame:
    """FINDING columns, by record: contradictions of source rows (after `sides.roles`), and values without a place.

    `fields` is what was mapped from `rows`, row for row.
    """
    reference = fields.get_column("transaction_reference")
    clashes = [*derive.clashes(rows), *_clashes(rows, context)]
    verdicts = rows.select(clash.wrong.fill_null(value=False).alias(str(i)) for i, clash in enumerate(clashes))
    found = [pl.DataFrame(schema=FINDING_SCHEMA)]
    for clash, verdict in zip(clashes, verdicts.get_columns(), strict=True):
        if verdict.any():
            values = _shown(rows.get_column(clash.column))
            hits = pl.DataFrame({"value": values, "reference": reference, "_hit": verdict})
            found.append(_findings(hits.with_row_index("record", offset=1).filter("_hit"), clash))
    found.extend(_placeless(fields, layer, reference))
    return pl.concat(found).sort("record", maintain_order=True)


def _clashes(rows: pl.DataFrame, context: ReportContext) -> Iterator[Clash]:
    yield _word("side", "7,16", ("BUY", "SELL"))
    yield _word("trading_capacity", "29", ("DEAL", "MTCH", "AOTC"))
    both = pl.col("~client") & pl.col("trading_capacity").is_in(OWN) & pl.col("counterparty").is_not_null()
    same = pl.col("client_id").list.contains(pl.col("counterparty")) | (pl.col("counterparty") == pl.col("entity"))
    taken = pl.col("~buyer").is_in(["client", "entity"]) | pl.col("~seller").is_in(["client", "entity"])
    yield Clash(
        "7,16",
        "counterparty",
        both & ~same.fill_null(value=False) & taken.fill_null(value=False),
        "In this capacity the entity is one party and client and counterparty cannot both be the other. "
        "Give one record for each leg, or fill buyer_id and seller_id",
    )
    if context.destination.submitting_entity:
        differs = pl.col("submitting_entity") != context.destination.submitting_entity
        yield Clash("6", "submitting_entity", differs, "The destination is set to another submitting entity")
    yield Clash(
        "25",
        "transmission",
        pl.col("transmission") != transmission(),
        "The facts about the transmission say otherwise (transmitted, receiver_is_firm, receiver_agreed, "
        "agreement_controls, details_complete)",
    )
    yield from _uneven(rows)
    for leg in LEGS:
        yield from _two_kinds(rows, leg)


def _word(column: str, fields: str, words: tuple[str, ...]) -> Clash:
    wrong = pl.col(column).is_not_null() & ~pl.col(column).is_in(words)
    return Clash(fields, column, wrong, f"Not one of {', '.join(words)}. Translate it in the mapping of the source")


def _uneven(rows: pl.DataFrame) -> Iterator[Clash]:
    """Lists of one party that have not the same number of entries, so that no member is certain."""
    parties: list[tuple[str, Sequence[str], str]] = [(who, PARTY, fields) for who, fields in _PARTIES]
    parties += [(f"{who}_decision_maker", DECIDER, fields) for who, fields in _DECIDERS]
    for who, columns, fields in parties:
        filled = [f"{who}_{c}" for c in columns if has(rows, f"{who}_{c}")]
        for column in filled[1:]:
            wrong = pl.col(column).list.len() != pl.col(filled[0]).list.len()
            words = f"Its number of entries differs from that of {filled[0]}; each member needs one in every column"
            yield Clash(fields, column, wrong, words)
    for leg in LEGS:
        filled = [c for c in basket_columns(leg)[1:] if has(rows, c)]
        for column in filled[1:]:
            wrong = pl.col(column).list.len() != pl.col(filled[0]).list.len()
            yield Clash("47,48,49", column, wrong, f"Its number of entries differs from that of {filled[0]}")


def _two_kinds(rows: pl.DataFrame, leg: str) -> Iterator[Clash]:
    """An underlying that is two things at once, or another than its kind says."""
    index, basket = given(rows, index_columns(leg)), given(rows, basket_columns(leg))
    one = pl.col(f"{leg}_isin").is_not_null()
    kind = pl.col(f"{leg}_type")
    several = (one & index) | (one & basket) | (index & basket)
    wrong = kind.is_null() & several
    yield Clash("47", f"{leg}_isin", wrong, f"More than one of an ISIN, an index and a basket; say which in {leg}_type")
    other = ((kind != "INDEX") & index) | ((kind != "BASKET") & basket)
    yield Clash("47", f"{leg}_type", other.fill_null(value=False), "The columns of another kind are filled as well")


def _placeless(fields: pl.DataFrame, layer: FieldLayer, reference: pl.Series) -> Iterator[pl.DataFrame]:
    """Mapped values that the message has no place for beside the kind that they go with."""
    lost = layer.unplaced(fields)
    numbers = {row.column: row.number for row in layer.fields}
    references = pl.DataFrame({"reference": reference}).with_row_index("record", offset=1)
    for (column,), hits in lost.group_by("column", maintain_order=True):
        name = str(column)
        words = "Its kind is not known, or the report has no place for this value beside that kind"
        clash = Clash(numbers[name], name, pl.lit(value=True), words)
        yield _findings(hits.join(references, on="record", how="left", maintain_order="left"), clash)


def _shown(values: pl.Series) -> pl.Series:
    return values.list.join("|") if isinstance(values.dtype, pl.List) else values


def _findings(hits: pl.DataFrame, clash: Clash) -> pl.DataFrame:
    """Hits (record, value, reference) as FINDING columns."""
    return hits.select(
        rule=pl.lit(f"MAP-{clash.fields.partition(',')[0]}"),
        severity=pl.lit(Severity.ERROR.value),
        record=pl.col("record").cast(pl.UInt32),
        reference="reference",
        field=pl.lit(clash.fields),
        path=pl.lit(clash.column),
        value="value",
        message=pl.lit(f"{clash.column}: {clash.message}"),
    )
