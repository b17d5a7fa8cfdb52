"""Which instruments are in scope: the rows MF-I1 to MF-I9 of the decision tables.

The test is whether the instrument, or what it is derived from, is traded on a venue (the list is FIRDS). For OTC
derivatives the Union narrowed it in 2024; whether authorities applied that before the revised technical standards was
not found, so the setting `otc_scope` (L1_2024 or LEGACY) says which reading a firm follows. The United Kingdom kept the
older test, over UK, Gibraltar and Union venues (`uk_scope=UK_ONLY` tries the proposal of 2025).

Source: Regulation (EU) 600/2014 (MiFIR) Art. 2(1)(32a), 8a(2), 26(2), as amended by Regulation (EU) 2024/791; Delegated
Regulation (EU) 2017/565 Art. 7, 10; UK MiFIR Art. 26(2).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from regreport.engine.checks import Check, absent, all_of, any_of, equal, negate, one_of, present
from regreport.engine.decision import DecisionRule, Effect

NOT_AN_INSTRUMENT: Final = ("SPOT_FX", "SPOT_COMMODITY", "LOAN", "DEPOSIT", "CRYPTO_ASSET")
PRODUCT_KINDS: Final = ("INSTRUMENT", *NOT_AN_INSTRUMENT)
SCOPE_CHANGE: Final = date(2024, 3, 28)
UK_LAW: Final = date(2020, 12, 31)
"""From 23:00 UTC that day; the fact `@law` knows the hour."""

EU: Final = equal("@law", "EU")
UK: Final = equal("@law", "UK")
OTC: Final = equal("@otc_derivative", "true")
NOT_OTC: Final = equal("@otc_derivative", "false")
LEGACY: Final = equal("@otc_scope", "LEGACY")
UNDERLYING: Final = equal("@underlying.on_list", "true")
COMPONENT: Final = equal("@underlying.component_on_list", "true")
ON_VENUE: Final = equal("@executed_on_venue", "true")
OFF_VENUE: Final = equal("@executed_on_venue", "false")
UNLISTED: Final = equal("@instrument.known", "false")
LISTED: Final = any_of(equal("@instrument.known", "true"), all_of(UNLISTED, ON_VENUE))
"""On the list of the trade date; or executed on a venue, although the list does not have it (yet)."""
NOTHING_LISTED: Final = all_of(
    UNLISTED, equal("@underlying.on_list", "false"), equal("@underlying.component_on_list", "false")
)

INSTRUMENT: Final = (
    DecisionRule(
        id="MF-I1",
        block="instrument",
        when=one_of("@product_kind", *NOT_AN_INSTRUMENT),
        effect=Effect.NOT_REPORTABLE,
        sentence="Spot currency, physical spot commodities, loans, deposits and crypto-assets that are no financial "
        "instruments are out of scope.",
        reason="The product is no financial instrument (spot currency or commodity, loan, deposit, or crypto-asset).",
        source="Delegated Regulation (EU) 2017/565 Art. 7, 10; crypto-assets: recalled",
        confidence="high",
    ),
    DecisionRule(
        id="MF-I5",
        block="instrument",
        when=all_of(EU, OTC, ON_VENUE),
        effect=Effect.PASS,
        sentence="An OTC derivative executed on a venue is in scope.",
        reason="The OTC derivative was executed on a venue.",
        source="MiFIR Art. 26(2) as amended by Regulation (EU) 2024/791",
        confidence="high",
        says=True,
        valid_from=SCOPE_CHANGE,
    ),
    DecisionRule(
        id="MF-I2",
        block="instrument",
        when=all_of(EU, LISTED, any_of(NOT_OTC, LEGACY, ON_VENUE)),
        effect=Effect.PASS,
        sentence="An instrument that is traded on a venue, or for which that was requested, is in scope; from 2024 "
        "this "
        "test no longer serves for OTC derivatives.",
        reason="The instrument is traded on a venue, or its admission was requested, on the trade date.",
        source="MiFIR Art. 26(2)(a)",
        confidence="high",
        says=True,
    ),
    DecisionRule(
        id="MF-I3",
        block="instrument",
        when=all_of(EU, UNDERLYING),
        effect=Effect.PASS,
        sentence="An instrument whose underlying is traded on a venue is in scope wherever it was executed.",
        reason="The instrument's underlying is traded on a venue on the trade date.",
        source="MiFIR Art. 26(2)(b)",
        confidence="high",
        says=True,
    ),
    DecisionRule(
        id="MF-I4",
        block="instrument",
        when=all_of(EU, COMPONENT),
        effect=Effect.PASS,
        sentence="An instrument on an index or basket is in scope if at least one component is traded on a venue.",
        reason="At least one component of the underlying index or basket is traded on a venue on the trade date.",
        source="MiFIR Art. 26(2)(c); that one component is enough: recalled",
        confidence="medium",
        says=True,
    ),
    DecisionRule(
        id="MF-I6",
        block="instrument",
        when=all_of(EU, OTC, OFF_VENUE, any_of(negate(LEGACY), LISTED), equal("@otc_class_8a2", "true")),
        effect=Effect.PASS,
        sentence="An OTC derivative executed off venue is in scope if it is of a class of MiFIR Art. 8a(2).",
        reason="The OTC derivative is of a class that MiFIR Art. 8a(2) makes transparent, wherever it was executed.",
        source="MiFIR Art. 26(2)(d); which classes those are: recalled",
        confidence="medium",
        says=True,
        valid_from=SCOPE_CHANGE,
    ),
    DecisionRule(
        id="MF-I7",
        block="instrument",
        when=all_of(EU, OTC, OFF_VENUE, equal("@otc_class_8a2", "false"), any_of(negate(LEGACY), UNLISTED)),
        effect=Effect.NOT_REPORTABLE,
        sentence="An OTC derivative executed off venue is out of scope where nothing it rests on is traded on a venue "
        "and it is of no class of MiFIR Art. 8a(2).",
        reason="The OTC derivative was executed off venue, nothing it rests on is traded on a venue, and it is of no "
        "class of MiFIR Art. 8a(2).",
        source="Regulation (EU) 2024/791 recital 23; when authorities began to apply it was not found",
        confidence="medium",
        valid_from=SCOPE_CHANGE,
    ),
    DecisionRule(
        id="MF-I8",
        block="instrument",
        when=all_of(UK, any_of(LISTED, UNDERLYING, COMPONENT)),
        effect=Effect.PASS,
        sentence="In the United Kingdom an instrument is in scope if it, its underlying or a component of that is "
        "traded "
        "on a UK, Gibraltar or Union venue.",
        reason="The instrument, its underlying or a component of that is traded on a UK, Gibraltar or Union venue.",
        source="UK MiFIR Art. 26(2)",
        confidence="high",
        says=True,
        valid_from=UK_LAW,
        jurisdictions=frozenset({"UK"}),
    ),
    DecisionRule(
        id="MF-I8-NONE",
        block="instrument",
        when=all_of(UK, NOTHING_LISTED, OFF_VENUE),
        effect=Effect.NOT_REPORTABLE,
        sentence="In the United Kingdom an instrument is out of scope if neither it nor anything it rests on is traded "
        "on a UK, Gibraltar or Union venue.",
        reason="Neither the instrument nor anything it rests on is traded on a UK, Gibraltar or Union venue.",
        source="UK MiFIR Art. 26(2), read the other way round",
        confidence="high",
        valid_from=UK_LAW,
        jurisdictions=frozenset({"UK"}),
    ),
    DecisionRule(
        id="MF-I10",
        block="instrument",
        when=all_of(EU, NOTHING_LISTED, OFF_VENUE, any_of(NOT_OTC, LEGACY)),
        effect=Effect.NOT_REPORTABLE,
        sentence="An instrument is out of scope if neither it nor anything it rests on is traded on a venue.",
        reason="Neither the instrument nor anything it rests on is traded on a venue, nor was that requested, on the "
        "trade date.",
        source="MiFIR Art. 26(2), read the other way round",
        confidence="high",
    ),
)


def _open(rule_id: str, when: Check, reason: str, asks: str) -> DecisionRule:
    return DecisionRule(
        id=rule_id,
        block="instrument",
        when=when,
        effect=Effect.UNDECIDED,
        sentence=f"Nothing is decided about the instrument while this is not known: {asks}.",
        reason=reason,
        source="follows from MF-I1 to MF-I8",
        confidence="high",
        asks=asks,
    )


_LIST_FACTS = ("@instrument.known", "@underlying.on_list", "@underlying.component_on_list", "@product_kind")

INSTRUMENT_OPEN: Final = (
    _open(
        "MF-I0?",
        all_of(
            equal("@instrument.clash", "true"),
            any_of(absent("@product_kind"), absent("@otc_derivative"), absent("@otc_class_8a2")),
        ),
        "What the record says of its instrument is ruled out by its CFI code, its venue or the list of traded "
        "instruments: correct product_kind, is_otc_derivative, otc_class_8a2 or cleared, or instrument_classification.",
        "product_kind is_otc_derivative otc_class_8a2",
    ),
    _open(
        "MF-I9",
        all_of(equal("@list.loaded", "false"), any_of(*(absent(c) for c in _LIST_FACTS))),
        "There is no list of traded instruments (FIRDS) for the trade date and this jurisdiction: load one with "
        "regreport refdata load.",
        "instruments",
    ),
    _open(
        "MF-I1?",
        any_of(
            absent("@product_kind"), all_of(present("@product_kind"), negate(one_of("@product_kind", *PRODUCT_KINDS)))
        ),
        "Whether this is a financial instrument is not known: give product_kind "
        f"({', '.join(PRODUCT_KINDS)}) or instrument_classification.",
        "product_kind",
    ),
    _open(
        "MF-I2?",
        absent("@instrument.known"),
        "Whether the instrument is traded on a venue is not known: give its isin; if no venue trades it, venue XXXX "
        "says "
        "so.",
        "isin",
    ),
    _open(
        "MF-I3?",
        any_of(absent("@underlying.on_list"), absent("@underlying.component_on_list")),
        "Whether what the instrument rests on is traded on a venue is not known: give instrument_classification, the "
        "ISIN of the underlying (underlying_isin, underlying_basket_isin), or underlying_on_venue.",
        "underlying_on_venue",
    ),
    _open(
        "MF-I5?",
        absent("@otc_derivative"),
        "Whether this is an OTC derivative is not known: give is_otc_derivative or instrument_classification.",
        "is_otc_derivative",
    ),
    _open(
        "MF-I5-VENUE?",
        absent("@executed_on_venue"),
        "Whether the venue of execution is a trading venue is not known: give venue, and load a list of venues that "
        "has "
        "it (regreport refdata load).",
        "venue",
    ),
    _open(
        "MF-I6?",
        absent("@otc_class_8a2"),
        "Whether the OTC derivative is of a class of MiFIR Art. 8a(2) is not known: give otc_class_8a2 (or cleared, if "
        "it is not cleared).",
        "otc_class_8a2",
    ),
    _open(
        "MF-I7?",
        absent("@otc_scope"),
        'Which reading of the scope for OTC derivatives applies is not set: put otc_scope = "L1_2024" (the law as '
        'amended) or "LEGACY" into [regimes.mifir] of regreport.toml.',
        "setting otc_scope",
    ),
)
