"""Whether what happened is a transaction: rows MF-T1 to MF-T4 and MF-N1 to MF-N16 of the decision tables.

`event_kind` says what happened; where the law asks for more than the kind (a choice of the holder, an ESCB member on
the other side, criteria of a plan), a further fact decides, and without it the record is held.

Source: RTS 22 (EU) 2017/590 Art. 2; ESMA Q&A 1505 (reference rates), 1709 (corporate events), 2204 (accumulators).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from regreport.engine.checks import Check, absent, all_of, any_of, equal, negate, one_of
from regreport.engine.decision import DecisionRule, Effect
from regreport.regimes.mifir.eligibility.event_kinds import codes, event_kinds

KIND: Final = "event_kind"
ESCB_FROM: Final = date(2020, 4, 11)
"""Twelve months after the act under SFTR that starts it; recalled."""

HOLDER_DECIDES: Final = equal("holder_choice", "true")
NO_CHOICE: Final = equal("holder_choice", "false")
BY_CHOICE: Final = ("CORPORATE_ACTION", "NOTIONAL_CHANGE")
"""Kinds for which `holder_choice` decides between a transaction and an excluded event."""
WITHOUT_CHOICE: Final = ("RIGHTS_ISSUE", "MANDATORY_CORPORATE_ACTION", "AMORTISATION")
WITH_CHOICE: Final = ("VOLUNTARY_CORPORATE_ACTION", "NOTIONAL_INCREASE", "NOTIONAL_DECREASE")
OFFER_ON_ANYTHING: Final = codes("MF-N14")
SFT: Final = codes("MF-N1")
CRITERIA: Final = "employee_plan_criteria_met"


def _excluded(
    number: int, letter: str, sentence: str, reason: str, when: Check | None = None, confidence: str = "high"
) -> DecisionRule:
    rule_id = f"MF-N{number}"
    return DecisionRule(
        id=rule_id,
        block="event",
        when=when or one_of(KIND, *codes(rule_id)),
        effect=Effect.NOT_REPORTABLE,
        sentence=sentence,
        reason=reason,
        source=f"RTS 22 Art. 2(5)({letter})",
        confidence=confidence,
    )


def _by_terms(rule_id: str) -> Check:
    """A kind of this rule, unless the holder had a choice."""
    free = [c for c in codes(rule_id) if c not in BY_CHOICE and c not in WITHOUT_CHOICE]
    bound = [c for c in codes(rule_id) if c in WITHOUT_CHOICE]
    asked = [c for c in codes(rule_id) if c in BY_CHOICE]
    checks = [one_of(KIND, *free)] if free else []
    checks += [all_of(one_of(KIND, *bound), any_of(absent("holder_choice"), NO_CHOICE))] if bound else []
    checks += [all_of(one_of(KIND, *asked), NO_CHOICE)] if asked else []
    return any_of(*checks)


EXCLUDED: Final = (
    _excluded(
        1,
        "a",
        "Other securities financing transactions are not reported.",
        "It is a securities financing transaction (reported under SFTR) and no ESCB member is the other side.",
    ),
    _excluded(
        2,
        "b",
        "A contract made only for clearing or settlement is not reported.",
        "The contract was made only to clear or settle another transaction.",
    ),
    _excluded(
        3,
        "c",
        "Setting off mutual obligations, with the net amount carried on, is not reported.",
        "Mutual obligations were set off and the net amount carried on.",
    ),
    _excluded(
        4,
        "d",
        "What custody alone brings about is not reported.",
        "The acquisition or disposal comes about by custody alone.",
    ),
    _excluded(
        5,
        "e",
        "Assigning or novating a derivative after the trade, where a party is replaced, is not reported.",
        "A party to the derivative contract was replaced after the trade.",
        all_of(one_of(KIND, *codes("MF-N5")), equal("@derivative", "true")),
    ),
    _excluded(6, "f", "Portfolio compression is not reported.", "It is a portfolio compression."),
    _excluded(
        7,
        "g",
        "Units that a fund's administrator creates or takes back are not reported.",
        "The fund's administrator created or took back units; it is no secondary trade.",
    ),
    _excluded(
        8,
        "h",
        "Exercising an embedded right, converting a bond, and the trade in the underlying that follows are not "
        "reported.",
        "It is the exercise of an embedded right or a conversion, or the trade in the underlying that follows from it.",
    ),
    _excluded(
        9,
        "i",
        "Creation, expiry or redemption on fixed terms or by a mandatory event is not reported where no investment "
        "decision was taken then.",
        "The instrument came, went or was delivered on fixed terms or by a mandatory event, without an investment "
        "decision at the time.",
        _by_terms("MF-N9"),
    ),
    _excluded(
        10,
        "j",
        "A change of notional on fixed terms or by a mandatory event is not reported where no investment decision was "
        "taken then.",
        "The notional changed on fixed terms or by a mandatory event, without an investment decision at the time.",
        _by_terms("MF-N10"),
    ),
    _excluded(
        11,
        "k",
        "Changing the components of an index or basket after execution is not reported.",
        "Only the components of the index or basket changed after execution.",
    ),
    _excluded(
        12,
        "l",
        "Acquisitions under a dividend reinvestment plan are not reported.",
        "It was acquired under a dividend reinvestment plan.",
    ),
    _excluded(
        13,
        "m",
        "Employee share plans, unclaimed assets, residual fractions and holder reduction programmes are not reported "
        "where "
        "all further criteria are met.",
        "It falls under an employee share plan, unclaimed assets, residual fractions or a holder reduction programme, "
        "and all further criteria are met.",
        all_of(one_of(KIND, *codes("MF-N13")), equal(CRITERIA, "true")),
        "medium",
    ),
    _excluded(
        14,
        "n",
        "Exchange and tender offers on debt are not reported where the terms were fixed and published ahead and the "
        "holder can only accept or not.",
        "It is an offer on debt whose terms were fixed and published ahead, to be accepted or not.",
        all_of(one_of(KIND, *OFFER_ON_ANYTHING), equal("@debt", "true"), equal("offer_terms_fixed", "true")),
    ),
    _excluded(
        15,
        "o",
        "What a transfer of collateral alone brings about is not reported.",
        "The acquisition or disposal comes about by a transfer of collateral alone.",
    ),
)

TRANSACTIONS: Final = (
    DecisionRule(
        id="MF-T4",
        block="event",
        when=all_of(one_of(KIND, *SFT), equal("escb_counterparty", "true")),
        effect=Effect.PASS,
        sentence="A securities financing transaction with a member of the ESCB is reported, with field 65 true.",
        reason="It is a securities financing transaction with a member of the European System of Central Banks.",
        source="RTS 22 Art. 2(5) second subparagraph; its start: recalled",
        confidence="high",
        valid_from=ESCB_FROM,
    ),
    DecisionRule(
        id="MF-T3",
        block="event",
        when=one_of(KIND, *codes("MF-T3")),
        effect=Effect.PASS,
        sentence="Initial and secondary public offerings, placings and debt issues are reported, although instruments "
        "are "
        "created on fixed terms.",
        reason="It is an acquisition in the primary market.",
        source="RTS 22 Art. 2(5) last subparagraph",
        confidence="high",
    ),
)

TRADES: Final = (
    DecisionRule(
        id="MF-T2",
        block="event",
        when=all_of(one_of(KIND, *codes("MF-T2")), equal("post_trade_publication", "true")),
        effect=Effect.PASS,
        sentence="A simultaneous purchase and sale without a change of owner is reported if it had to be published.",
        reason="It had to be published after the trade, although the owner stays the same.",
        source="RTS 22 Art. 2(4)",
        confidence="high",
    ),
    DecisionRule(
        id="MF-T2-UNPUBLISHED",
        block="event",
        when=all_of(one_of(KIND, *codes("MF-T2")), equal("post_trade_publication", "false")),
        effect=Effect.NOT_REPORTABLE,
        sentence="Without a change of owner and without a duty to publish there is no acquisition and no disposal.",
        reason="The owner stays the same and no post-trade publication was due: nothing was acquired or disposed of.",
        source="RTS 22 Art. 2(1) to 2(4), read the other way round",
        confidence="our reading",
    ),
    DecisionRule(
        id="MF-T1",
        block="event",
        when=any_of(
            one_of(KIND, *(c for c in codes("MF-T1") if c not in WITH_CHOICE)),
            all_of(one_of(KIND, *WITH_CHOICE), any_of(absent("holder_choice"), HOLDER_DECIDES)),
            all_of(one_of(KIND, *BY_CHOICE), HOLDER_DECIDES),
            all_of(one_of(KIND, *codes("MF-N5")), equal("@derivative", "false")),
            all_of(one_of(KIND, *codes("MF-N13")), equal(CRITERIA, "false")),
            all_of(
                one_of(KIND, *OFFER_ON_ANYTHING), any_of(equal("@debt", "false"), equal("offer_terms_fixed", "false"))
            ),
        ),
        effect=Effect.PASS,
        sentence="Every acquisition or disposal is a transaction: a purchase or sale, entering or closing out a "
        "derivative, "
        "raising or lowering its notional, and a corporate event that the holder decides on.",
        reason="It is an acquisition or disposal, or a change of a derivative's notional by decision.",
        source="RTS 22 Art. 2(1) to 2(3)",
        confidence="high",
    ),
)


def _open(rule_id: str, when: Check, sentence: str, reason: str, asks: str, confidence: str = "high") -> DecisionRule:
    return DecisionRule(
        id=rule_id,
        block="event",
        when=when,
        effect=Effect.UNDECIDED,
        sentence=sentence,
        reason=reason,
        source="follows from RTS 22 Art. 2",
        confidence=confidence,
        asks=asks,
    )


EVENT_OPEN: Final = (
    _open(
        "MF-N6?",
        one_of(KIND, *codes("MF-N6?")),
        "Other services that reduce risk after the trade are not named by the law.",
        "The law names portfolio compression and no other service that reduces risk after the trade: decide by hand, "
        "and "
        "give event_kind as what the event amounts to.",
        "event_kind",
        "medium",
    ),
    _open(
        "MF-N16",
        any_of(absent(KIND), negate(one_of(KIND, *(k.code for k in event_kinds())))),
        "Nothing is decided while what happened is not known.",
        "What happened is not known: give event_kind, one of the codes in docs/reference/event-kinds.md.",
        "event_kind",
    ),
    _open(
        "MF-N9?",
        any_of(all_of(one_of(KIND, *WITHOUT_CHOICE), HOLDER_DECIDES), all_of(one_of(KIND, *WITH_CHOICE), NO_CHOICE)),
        "Nothing is decided where the kind of event and the holder's choice contradict each other.",
        "event_kind says whether the holder had a choice, and holder_choice says the opposite: correct one of them.",
        "event_kind holder_choice",
    ),
    _open(
        "MF-N5?",
        any_of(absent("@derivative"), absent("@debt")),
        "Nothing is decided while the class of the instrument matters and is not known.",
        "Whether the instrument is a derivative or a debt instrument is not known: give instrument_classification.",
        "instrument_classification",
    ),
)

EVENT: Final = (*TRANSACTIONS, *EXCLUDED, *TRADES, *EVENT_OPEN)
