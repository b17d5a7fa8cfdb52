"""From a firm's records to the fields of RTS 22: what can be derived is derived, and nothing is defaulted.

A column that the firm fills wins over what could be derived. What cannot be derived stays empty, so that the rules say
what is missing; what contradicts itself is a fault that names column and value (see `contradictions`). All of it works
on whole columns.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import polars as pl

from regreport.engine.fields import FieldLayer, load_layer
from regreport.messages import load
from regreport.regime import Mapped, ReportContext
from regreport.regimes.mifir import derive
from regreport.regimes.mifir.layout import MESSAGE
from regreport.regimes.mifir.mapping import instrument as instruments
from regreport.regimes.mifir.mapping import sides, trade
from regreport.regimes.mifir.mapping.contradictions import faults
from regreport.regimes.mifir.mapping.persons import nationals
from regreport.regimes.mifir.mapping.source import LEGS, LISTS, with_columns

FOLDER: Final = Path(__file__).parent.parent

_READ: Final = (
    *(
        "transaction_id",
        "entity",
        "timestamp",
        "counterparty",
        "transaction_reference",
        "event_kind",
        "service",
        "side",
    ),
    *("side", "order_origin", "transmitted", *trade.CONDITIONS, "submitting_entity", "transmission", "isin", "price"),
    *("price_type", "quantity_type", "upfront_payment", "notional_currency_2_type", "strike_price", "sft"),
    *("strike_price_type", "investment_decision_id", "investment_decision_type", "investment_decision_nationality"),
    *("execution_id", "execution_type", "execution_nationality"),
    *(f"{leg}_{c}" for leg in LEGS for c in ("isin", "type")),
    *(column for leg in LEGS for column in instruments.index_columns(leg)),
    *(column for column in sorted(LISTS)),
    *("member", "member_subject_to_mifir"),
    *trade.PLAIN,
    *instruments.PLAIN,
    *derive.READ,
)
"""Every source column that the mapping reads."""


@cache
def layer() -> FieldLayer:
    """The 65 fields over auth.016.001.01."""
    return load_layer(FOLDER / "fields.csv", FOLDER / "paths.csv", load(MESSAGE))


def to_fields(rows: pl.DataFrame, context: ReportContext) -> Mapped:
    """Reportable source rows (sources/columns.csv, kind transaction) -> field table of new reports, row for row.

    Columns that the rows lack count as empty, others are not looked at. Raises ConfigurationError for a setting that
    cannot be understood.
    """
    reading = nationals(context.settings, context.report_date)
    terms = derive.derived(with_columns(rows, _READ), context)
    source = sides.roles(instruments.known_instruments(terms, context))
    columns = trade.trade(source, context, reading) | instruments.instrument(source)
    fields = source.select(expr.alias(name) for name, expr in columns.items())
    if fields.height != source.height:  # no rows at all
        fields = fields.clear()
    fields = layer().complete(fields.hstack(sides.groups(source, reading)))
    return Mapped(fields, faults(source, fields, context, layer()))


def cancel(fields: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """Field rows as they were reported -> field rows that cancel them: reference, executing and submitting entity."""
    kept = fields.select("transaction_reference", "executing_entity", "submitting_entity")
    return layer().complete(kept.with_columns(pl.lit("CANC").alias("status")))
