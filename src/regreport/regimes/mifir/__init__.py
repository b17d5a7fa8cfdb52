"""MiFIR transaction reporting: every transaction in a reportable instrument, by the end of the next working day.

An investment firm reports what it executes to its home authority, itself or through an approved reporting mechanism:
65 fields of RTS 22 in one auth.016.001.01 message, answered record by record in auth.031.001.01. The United Kingdom's
onshored rules differ little and are the same regime with marked differences (rules and decisions name their
jurisdictions). See README.md in this folder.
"""

from __future__ import annotations

from typing import Final

from regreport.regime import DueRule, Listed, Regime
from regreport.regimes.mifir.eligibility import DECISIONS, facts
from regreport.regimes.mifir.enrich import enrich
from regreport.regimes.mifir.feedback import (
    CANCELLATION_CODES,
    PENDING_DAYS_MAX,
    RECORD_ID_COLUMNS,
    read_feedback,
    record_ids,
)
from regreport.regimes.mifir.layout import FEEDBACK_MESSAGE, MESSAGE, file_name, file_rules, head
from regreport.regimes.mifir.mapping import cancel, layer, to_fields
from regreport.regimes.mifir.rules import LISTED, NOT_DONE, RULES
from regreport.regimes.mifir.scenarios import scenarios

REGIME: Final = Regime(
    id="mifir",
    title="MiFIR transaction reporting (RTS 22)",
    authority="The firm's home authority (EU: national competent authority; UK: FCA)",
    framework="MiFIR Article 26, Delegated Regulation (EU) 2017/590 (RTS 22)",
    cells=(("EU", "TRANSACTION"), ("UK", "TRANSACTION")),
    source_kind="transaction",
    message=MESSAGE,
    feedback_message=FEEDBACK_MESSAGE,
    layer=layer(),
    reference="transaction_reference",
    totals=(("quantity", "quantity_currency"), ("price", "price_currency")),
    holds_persons=True,
    due=DueRule(business_days=1, source="MiFIR Article 26(1): no later than the close of the following working day"),
    retention_years=10,
    decisions=DECISIONS,
    facts=facts,
    to_fields=to_fields,
    cancel=cancel,
    enrich=enrich,
    rules=RULES,
    not_done=NOT_DONE,
    head=head,
    file_name=file_name,
    file_rules=file_rules,
    record_ids=record_ids,
    record_id_columns=RECORD_ID_COLUMNS,
    read_feedback=read_feedback,
    cancellation_codes=CANCELLATION_CODES,
    datasets=("instruments", "leis", "mics"),
    listed=tuple(Listed(row.row, row.rules, row.reason) for row in LISTED.values()),
    scenarios=scenarios,
    pending_days=PENDING_DAYS_MAX,
    filing=(
        "The files have the form that authorities take from firms and ARMs, checked against the compiled tables; no "
        "authority has certified them. A firm needs its access to the authority or an ARM, that destination's naming, "
        "and reference data; the official schema is licensed and is checked with --xsd-dir against the firm's own copy."
    ),
    sources_of_law=(
        "Regulation (EU) No 600/2014 (MiFIR), Articles 24 to 27, as amended by Regulation (EU) 2024/791",
        "Delegated Regulation (EU) 2017/590 (RTS 22)",
        "ESMA/2016/1452 guidelines and ESMA70-1861941480-56 questions and answers on transaction reporting",
        "UK MiFIR Article 26 and the FCA's onshored RTS 22",
    ),
)
