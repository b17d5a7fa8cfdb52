"""What the regime says about reportability: its decision rules in blocks, the facts they look at, and the rules of the
decision tables that decide nothing but fill a field or set a date.

Blocks are read in this order, so a record that several take out is told the first: who, where, instrument, event,
execution, client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from regreport.engine.decision import DecisionRule
from regreport.regimes.mifir.eligibility.event import EVENT
from regreport.regimes.mifir.eligibility.execution import CLIENT, EXECUTION, EXECUTION_OPEN
from regreport.regimes.mifir.eligibility.facts import facts
from regreport.regimes.mifir.eligibility.instrument import INSTRUMENT, INSTRUMENT_OPEN
from regreport.regimes.mifir.eligibility.who import WHERE, WHO

DECISIONS: Final[tuple[DecisionRule, ...]] = (
    *WHO,
    *WHERE,
    *INSTRUMENT,
    *INSTRUMENT_OPEN,
    *EVENT,
    *EXECUTION,
    *EXECUTION_OPEN,
    *CLIENT,
)


@dataclass(frozen=True)
class AppliedRule:
    """A row of the decision tables that takes no record in or out, and where the package applies it."""

    id: str
    sentence: str
    source: str
    confidence: str
    applied_in: str


APPLIED: Final = (
    AppliedRule(
        "MF-X5",
        "In a chain of firms that pass an order on, the report names the first firm's client and, in field 26 or 27, "
        "the firm that passed it to us.",
        "RTS 22 Art. 4(2), 4(3)",
        "high",
        "derive_parties: received_by_transmission with transmitting_firm",
    ),
    AppliedRule(
        "MF-B2",
        "A branch that took the order, made or supervised the decision, or whose membership was used, is named by its "
        "country in fields 8, 17, 37, 58 and 60; otherwise the home country is.",
        "RTS 22 Art. 14(3), 14(4)",
        "high",
        "mapping: the source columns of those fields",
    ),
    AppliedRule(
        "MF-C1",
        "Two or more instruments in one execution at one price are reported one by one, joined by field 40.",
        "RTS 22 Art. 12",
        "high",
        "mapping: complex_trade_id; rules: one price for one id",
    ),
    AppliedRule(
        "MF-D1",
        "Reports are due by the close of the next working day.",
        "MiFIR Art. 26(1)",
        "high",
        "Regime.due and plan",
    ),
    AppliedRule(
        "MF-E1",
        "An error, an omission, or a report too many is told to the authority promptly, and records are reconciled.",
        "RTS 22 Art. 15(2) to 15(4)",
        "high",
        "generate (corrections) and balance",
    ),
)

__all__ = ["APPLIED", "DECISIONS", "AppliedRule", "facts"]
