"""Who executed, and whether an order was passed on for the other firm to report: rows MF-X1 to MF-X4 and MF-L1.

A firm that passes a client's order on under an agreement that meets every point of RTS 22 Art. 4 does not report; if
one point is not met it reports as if it had executed (field 25 true), and so does the firm that got the order.

Source: RTS 22 (EU) 2017/590 Art. 3, 4, 13(2); MiFIR Art. 26(4).
"""

from __future__ import annotations

from typing import Final

from regreport.engine.checks import Check, absent, all_of, any_of, equal, negate, one_of, present
from regreport.engine.decision import DecisionRule, Effect

SERVICE: Final = "@service"
EXECUTES: Final = ("CLIENT_EXECUTION", "OWN_ACCOUNT", "TRANSFER")
PASSES_ON: Final = ("RECEPTION_TRANSMISSION", "MANDATE")
SERVICES: Final = (*PASSES_ON, *EXECUTES, "NONE")
AGREEMENT: Final = ("receiver_is_firm", "receiver_agreed", "agreement_controls", "details_complete")
TRANSMITTED: Final = equal("transmitted", "true")
KEPT: Final = equal("transmitted", "false")
FROM_CLIENT: Final = one_of("@order_origin", "CLIENT", "MANDATE")
AGREED: Final = all_of(FROM_CLIENT, *(equal(c, "true") for c in AGREEMENT))
OPERATOR: Final = equal("@entity.kind", "VENUE_OPERATOR")

EXECUTION: Final = (
    DecisionRule(
        id="MF-X2",
        block="execution",
        when=all_of(TRANSMITTED, one_of(SERVICE, *PASSES_ON), AGREED),
        effect=Effect.NOT_REPORTABLE,
        sentence="Who passes a client's order on to a firm that has agreed to report it, with all details, in an "
        "agreed "
        "time and with a check for errors, does not report; the receiver does.",
        reason="The order was passed on with all details under an agreement that meets RTS 22 Art. 4: the receiving "
        "firm "
        "reports.",
        source="RTS 22 Art. 3(2), 4",
        confidence="high",
    ),
    DecisionRule(
        id="MF-X3",
        block="execution",
        when=all_of(
            TRANSMITTED,
            one_of(SERVICE, *PASSES_ON, *EXECUTES),
            any_of(equal("@order_origin", "OWN"), *(equal(c, "false") for c in AGREEMENT)),
        ),
        effect=Effect.PASS,
        sentence="Where one point of the agreement is not met, who passed the order on reports too, with field 25 "
        "true.",
        reason="The order was passed on without meeting every point of RTS 22 Art. 4, so both firms report.",
        source="MiFIR Art. 26(4); RTS 22 recital 5",
        confidence="high",
    ),
    DecisionRule(
        id="MF-X1",
        block="execution",
        when=any_of(
            OPERATOR,
            all_of(KEPT, one_of(SERVICE, *PASSES_ON, *EXECUTES)),
            all_of(absent("transmitted"), one_of(SERVICE, *EXECUTES)),
        ),
        effect=Effect.PASS,
        sentence="Receiving and passing on orders, executing for clients, dealing on own account, deciding under a "
        "mandate "
        "and moving instruments between accounts are execution, where a transaction results.",
        reason="The entity executed the transaction.",
        source="RTS 22 Art. 3(1)",
        confidence="high",
    ),
    DecisionRule(
        id="MF-X6",
        block="execution",
        when=all_of(equal(SERVICE, "NONE"), absent("trading_capacity"), negate(OPERATOR)),
        effect=Effect.NOT_REPORTABLE,
        sentence="Who did none of the things that count as execution did not execute.",
        reason="The entity provided no service and took no decision that counts as execution.",
        source="RTS 22 Art. 3(1), read the other way round",
        confidence="our reading",
    ),
)


def _open(rule_id: str, when: Check, sentence: str, reason: str, asks: str) -> DecisionRule:
    return DecisionRule(
        id=rule_id,
        block="execution",
        when=when,
        effect=Effect.UNDECIDED,
        sentence=sentence,
        reason=reason,
        source="follows from RTS 22 Art. 3, 4",
        confidence="high",
        asks=asks,
    )


EXECUTION_OPEN: Final = (
    _open(
        "MF-X1?",
        any_of(
            absent(SERVICE),
            negate(one_of(SERVICE, *SERVICES)),
            all_of(equal(SERVICE, "NONE"), present("trading_capacity")),
        ),
        "Nothing is decided while what the entity did is not known, or where a capacity is given for doing nothing.",
        f"What the entity did is not known: give service ({', '.join(SERVICES)}); NONE goes with no trading_capacity.",
        "service",
    ),
    _open(
        "MF-X2?",
        all_of(TRANSMITTED, one_of(SERVICE, *EXECUTES), AGREED),
        "Nothing is decided where the entity says that it executed and that it passed the order on.",
        "service says that the entity executed itself, the other facts that it passed the order on for the other firm "
        "to "
        "report: correct service or transmitted.",
        "service transmitted",
    ),
    _open(
        "MF-X4",
        any_of(absent("transmitted"), absent("@order_origin"), *(absent(c) for c in AGREEMENT)),
        "Nothing is decided while a point of the transmission is not known.",
        "Whether the order was passed on so that the receiving firm reports is not known: give transmitted and, where "
        "it "
        f"is true, order_origin, {', '.join(AGREEMENT)}.",
        "",
    ),
)

CLIENT: Final = (
    DecisionRule(
        id="MF-L1",
        block="client",
        when=equal("@client.without_lei", "true"),
        effect=Effect.UNDECIDED,
        sentence="A client that is eligible for an LEI and has none may not be served; the record is held and somebody "
        "has to know.",
        reason="The client is a legal person and has no LEI: no service may be provided before it has one (RTS 22 Art. "
        "13(2)); give client_id with client_id_type LEI.",
        source="RTS 22 Art. 13(2)",
        confidence="high",
        asks="client_id",
    ),
    DecisionRule(
        id="MF-L1-MET",
        block="client",
        when=equal("@client.without_lei", "false"),
        effect=Effect.PASS,
        sentence="Every client that is eligible for an LEI is named by one.",
        reason="Every client that is eligible for an LEI is named by one.",
        source="RTS 22 Art. 13(2)",
        confidence="high",
    ),
    DecisionRule(
        id="MF-L1?",
        block="client",
        when=absent("@client.without_lei"),
        effect=Effect.UNDECIDED,
        sentence="Nothing is decided while it is not known who the client is.",
        reason="Who the client is, is not known: give client_id and client_id_type for each client (client_kind says "
        "whether it is a LEGAL or a NATURAL person).",
        source="follows from MF-L1",
        confidence="high",
        asks="client_id client_id_type",
    ),
)
