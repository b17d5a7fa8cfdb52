"""The `@` facts that the rules look at: what `enrich` must supply, from which data set, and what each value means.

A fact is text and null where it is unknown. Facts of one party stand inside its group (`buyer.lei_status`). A rule that
needs a fact which nobody supplied reports "not checked"; a test holds this list against the rules, both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Fact:
    """One fact: the reference data it is read from (`report`: what the report itself is) and its meaning."""

    dataset: str
    meaning: str


_LEI = "entity status / registration status, e.g. ACTIVE/LAPSED; UNKNOWN where the LEI is not in the snapshot"
_CATEGORY = "GENERAL, BRANCH, FUND, SOLE_PROPRIETOR ..., as the LEI's record has it"

FACTS: Final[Mapping[str, Fact]] = {
    "@report.date": Fact("report", "the day that the report is about, ISO date"),
    "@report.created_at": Fact("report", "when the submission was planned, UTC to the second"),
    "@venue.kind": Fact("mics", "XOFF, XXXX, SINT, OPRT, SGMT, or NONE where the code is no MIC of the snapshot"),
    "@venue.category": Fact("mics", "RMKT, MLTF, OTFS, SINT, NSPD ..."),
    "@venue.eea": Fact("mics", "true: the venue is in the area of the report's own law (EU: the EEA, UK: the UK)"),
    "@venue.has_segments": Fact("mics", "true: an operating MIC that has segments"),
    "@venue.active": Fact("mics", "true: the MIC was valid on the trade date"),
    "@cfi": Fact("instruments", "the CFI code as reported, else that of the reference data"),
    "@instrument.known": Fact("instruments", "true: the ISIN is valid in the reference data on the trade date"),
    "@underlying.known": Fact("instruments", "true: the underlying is valid in the reference data on the trade date"),
    "@executing.status": Fact("leis", _LEI),
    "@executing.category": Fact("leis", _CATEGORY),
    "@submitting.status": Fact("leis", _LEI),
    "@transmitting_buyer.status": Fact("leis", _LEI),
    "@transmitting_seller.status": Fact("leis", _LEI),
    "buyer.lei_status": Fact("leis", _LEI),
    "buyer.lei_category": Fact("leis", _CATEGORY),
    "seller.lei_status": Fact("leis", _LEI),
    "seller.lei_category": Fact("leis", _CATEGORY),
    "buyer_decision_maker.lei_status": Fact("leis", _LEI),
    "seller_decision_maker.lei_status": Fact("leis", _LEI),
    "@history.active": Fact("history", "true: a report with this reference stands at the authority; false: none does"),
}
