"""Who must report, and to whom: the rows MF-W1 to MF-W6 and MF-B1, MF-B3 of the decision tables.

A record passes where its entity is a firm (or a venue operator acting for a member that is no firm), and where that
firm is at home in the jurisdiction or traded through a branch there.

Source: Regulation (EU) 600/2014 (MiFIR) Art. 1(2), 26(1), 26(5), 26(7); RTS 22 (EU) 2017/590 Art. 14, 15(7); UK: the
same as they became part of UK law.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from regreport.engine.checks import absent, all_of, any_of, equal, negate, one_of
from regreport.engine.decision import DecisionRule, Effect

KIND: Final = "@entity.kind"
KINDS: Final = ("FIRM", "BANK", "VENUE_OPERATOR", "FUND_MANAGER", "AGENT", "NON_FIRM")

WHO: Final = (
    DecisionRule(
        id="MF-W5",
        block="who",
        when=all_of(equal("@derivative", "true"), equal("reported_by_trade_repository", "true")),
        effect=Effect.NOT_REPORTABLE,
        sentence="A derivative that reached a trade repository approved as ARM in time and with all details counts as "
        "reported, if the firm has chosen this way.",
        reason="A trade repository that is approved as ARM has passed this derivative on in time with all details.",
        source="MiFIR Art. 26(7)",
        confidence="medium",
        setting="reports_via_trade_repository=true",
    ),
    DecisionRule(
        id="MF-W1",
        block="who",
        when=one_of(KIND, "FIRM", "BANK"),
        effect=Effect.PASS,
        sentence="An investment firm, or a bank that provides investment services, reports what it executes.",
        reason="The entity is an investment firm or a bank with investment services.",
        source="MiFIR Art. 1(2), 26(1)",
        confidence="high",
    ),
    DecisionRule(
        id="MF-W2",
        block="who",
        when=all_of(equal(KIND, "VENUE_OPERATOR"), equal("member_subject_to_mifir", "false")),
        effect=Effect.PASS,
        sentence="The operator of a venue reports for a member that is not itself subject to MiFIR, to the authority "
        "of "
        "the venue's home country.",
        reason="The member that traded is not subject to MiFIR, so the venue's operator reports for it.",
        source="MiFIR Art. 26(5); RTS 22 Art. 15(7)",
        confidence="high",
    ),
    DecisionRule(
        id="MF-W2-MEMBER",
        block="who",
        when=all_of(equal(KIND, "VENUE_OPERATOR"), equal("member_subject_to_mifir", "true")),
        effect=Effect.NOT_REPORTABLE,
        sentence="Where the member is itself subject to MiFIR, it reports and the venue's operator does not.",
        reason="The member that traded is itself subject to MiFIR and reports; the venue's operator does not.",
        source="MiFIR Art. 26(5), read the other way round",
        confidence="high",
    ),
    DecisionRule(
        id="MF-W3",
        block="who",
        when=equal(KIND, "FUND_MANAGER"),
        effect=Effect.NOT_REPORTABLE,
        sentence="A fund manager or management company without a licence as investment firm does not report; no act "
        "that "
        "extends the duty to it was found.",
        reason="The entity is a fund manager without a licence as investment firm, and has no duty to report.",
        source="Regulation (EU) 2024/791, which only lets the Commission extend the duty",
        confidence="medium",
        valid_from=date(2024, 3, 28),
    ),
    DecisionRule(
        id="MF-W4",
        block="who",
        when=one_of(KIND, "NON_FIRM", "FUND_MANAGER", "AGENT"),
        effect=Effect.NOT_REPORTABLE,
        sentence="Who is no investment firm (a person, a company trading for itself, a tied agent whose principal "
        "reports) does not report.",
        reason="The entity is no investment firm and has no duty to report; where it acted for a firm, that firm "
        "reports.",
        source="MiFIR Art. 26(1), read the other way round",
        confidence="high",
    ),
    DecisionRule(
        id="MF-W6",
        block="who",
        when=any_of(absent(KIND), negate(one_of(KIND, *KINDS))),
        effect=Effect.UNDECIDED,
        sentence="Nothing is decided while the entity's licence status is not known.",
        reason="What kind of entity this is, is not known: set kind in its facts in regreport.toml to one of "
        f"{', '.join(KINDS)}.",
        source="follows from MF-W1 to MF-W4",
        confidence="high",
        asks="entity fact kind",
    ),
)

WHERE: Final = (
    DecisionRule(
        id="MF-B1",
        block="where",
        when=equal("@entity.home", "true"),
        effect=Effect.PASS,
        sentence="A firm reports once, to the authority of its home country, also what a branch of it executes.",
        reason="The entity has its head office in this jurisdiction.",
        source="RTS 22 Art. 14(1), 14(2)",
        confidence="high",
    ),
    DecisionRule(
        id="MF-B3",
        block="where",
        when=all_of(equal("@entity.home", "false"), equal("@branch.here", "true")),
        effect=Effect.PASS,
        sentence="A branch of a third-country firm reports to the authority that authorised it.",
        reason="A branch in this jurisdiction of a firm from outside took part in the trade.",
        source="RTS 22 Art. 14(5)",
        confidence="high",
    ),
    DecisionRule(
        id="MF-B4",
        block="where",
        when=all_of(equal("@entity.home", "false"), equal("@branch.here", "false")),
        effect=Effect.NOT_REPORTABLE,
        sentence="A firm from outside the jurisdiction whose branches there took no part has nothing to report there.",
        reason="The entity is not established in this jurisdiction and no branch of it here took part.",
        source="RTS 22 Art. 14(5), read the other way round",
        confidence="our reading",
    ),
    DecisionRule(
        id="MF-B3?",
        block="where",
        when=any_of(absent("@entity.home"), absent("@branch.here")),
        effect=Effect.UNDECIDED,
        sentence="Nothing is decided for a third-country firm while the branch is not known.",
        reason="The entity is not at home in this jurisdiction, and through which of its offices it traded is not "
        "known: "
        "give branch_country (or the entity fact branch_country in regreport.toml).",
        source="follows from MF-B3",
        confidence="high",
        asks="branch_country",
    ),
)
