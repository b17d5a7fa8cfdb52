"""The decision engine on a small pack of its own: order, missing facts, dates, jurisdictions, settings, labels."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regreport import eligibility
from regreport.engine.checks import ALWAYS, Check, absent, all_of, any_of, equal, negate, one_of, present
from regreport.engine.decision import DecisionRule, Effect, bounds
from regreport.errors import ConfigurationError
from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, ReportContext

PASS, OUT, OPEN = Effect.PASS, Effect.NOT_REPORTABLE, Effect.UNDECIDED
CONTEXT = ReportContext(
    cell=Cell("EU", "TRANSACTION", "toy"),
    entity=EntityFacts("E", "Toy", "DE"),
    destination=DestinationFacts("d", "US", "THEM", ""),
    report_date=date(2026, 11, 23),
    created_at=datetime(2026, 11, 24, tzinfo=UTC),
    reference_data={},
)


def rule(rule_id: str, block: str, when: Check, effect: Effect, **more: object) -> DecisionRule:
    words = {
        "sentence": f"Sentence of {rule_id}.",
        "reason": f"Reason of {rule_id}.",
        "source": "",
        "confidence": "high",
    }
    return replace(DecisionRule(rule_id, block, when, effect, **words), **more)


TOY = (
    rule("W1", "who", equal("kind", "FIRM"), PASS),
    rule("W2", "who", equal("kind", "PERSON"), OUT),
    rule("W?", "who", absent("kind"), OPEN, asks="the entity's kind"),
    rule("I1", "what", all_of(equal("product", "SHARE"), equal("listed", "true")), PASS, says=True),
    rule("I2", "what", all_of(equal("product", "SHARE"), equal("listed", "false")), OUT),
    rule("I3", "what", equal("product", "LOAN"), OUT),
    rule("E1", "event", one_of("event", "BUY", "SELL"), PASS),
)


def records(*rows: dict[str, str | None], day: str = "2026-11-23") -> pl.DataFrame:
    base: dict[str, str | None] = {"kind": "FIRM", "product": "SHARE", "listed": "true", "event": "BUY"}
    made = [
        {"batch_id": "B", "source_line": n, "transaction_id": f"T{n}", "timestamp": f"{day}T10:00:00Z", **base, **row}
        for n, row in enumerate(rows, start=1)
    ]
    return pl.DataFrame(made, infer_schema_length=None).cast({"source_line": pl.UInt32})


def one(
    row: dict[str, str | None], rules: tuple[DecisionRule, ...] = TOY, context: ReportContext = CONTEXT, **more: str
) -> tuple[str, ...]:
    told = eligibility.decide(records(row, **more), rules, context).row(0, named=True)
    return told["decision"], told["rule"], told["missing"] or ""


@pytest.mark.parametrize(
    ("row", "decision", "rule_id", "missing"),
    [
        ({}, "REPORTABLE", "I1", ""),
        ({"kind": "PERSON"}, "NOT_REPORTABLE", "W2", ""),
        ({"listed": "false"}, "NOT_REPORTABLE", "I2", ""),
        ({"kind": "PERSON", "product": "LOAN"}, "NOT_REPORTABLE", "W2", ""),  # the first block that takes it out speaks
        ({"kind": None, "product": "LOAN"}, "NOT_REPORTABLE", "I3", ""),  # a missing fact that cannot turn it
        ({"kind": None}, "UNDECIDED", "W?", "the entity's kind"),
        ({"listed": None}, "UNDECIDED", "I1", "listed"),
        ({"product": None, "listed": None}, "UNDECIDED", "I1", "product listed"),
        ({"product": None, "listed": "false"}, "UNDECIDED", "I2", "product"),
        ({"event": "DREAM"}, "UNDECIDED", "NO-RULE-event", ""),
        ({"kind": "GHOST"}, "UNDECIDED", "NO-RULE-who", ""),
    ],
)
def test_outcomes(row: dict[str, str | None], decision: str, rule_id: str, missing: str) -> None:
    assert one(row) == (decision, rule_id, missing)


def test_open_rules_of_one_effect_decide_together() -> None:
    """Whichever of two rules holds, the record is out; so it is out, by the rule that certainly holds."""
    rules = (rule("A", "b", equal("product", "LOAN"), OUT), rule("B", "b", equal("listed", "true"), OUT))
    assert one({"product": None}, rules) == ("NOT_REPORTABLE", "B", "")
    mixed = (rule("A", "b", equal("product", "LOAN"), PASS), rules[1])
    assert one({"product": None}, mixed) == ("UNDECIDED", "A", "product")


def test_reasons_are_whole_sentences_and_name_the_fact() -> None:
    told = eligibility.decide(records({"listed": None}, {"listed": "false"}, {"event": "DREAM"}), TOY, CONTEXT)
    reasons = told["reason"].to_list()
    assert reasons[0] == (
        "Not known: listed. Rule I1 turns on it: Sentence of I1. Supply it in the source columns of that name."
    )
    assert reasons[1] == "Reason of I2."
    assert "block 'event'" in reasons[2]


def test_a_rule_counts_on_the_trade_date_not_today() -> None:
    """Both ends of the period count, and one table may hold several dates."""
    dated = (
        rule("OLD", "b", ALWAYS, OUT, valid_to=date(2024, 3, 27)),
        rule("NEW", "b", ALWAYS, PASS, valid_from=date(2024, 3, 28)),
    )
    rows = pl.concat([records({}, day=d) for d in ("2024-03-27", "2024-03-28", "2018-01-03", "2018-01-02")])
    told = eligibility.decide(rows, dated, CONTEXT)
    assert told["rule"].to_list() == ["OLD", "NEW", "OLD", "NO-RULE-b"]
    assert [one({}, dated, day=d)[1] for d in ("2024-03-27", "2024-03-28")] == ["OLD", "NEW"]
    undated = rows.head(1).with_columns(timestamp=pl.lit(None, pl.String))
    assert eligibility.decide(undated, dated, CONTEXT)["decision"].to_list() == ["UNDECIDED"]


def test_jurisdictions_and_settings_switch_rules() -> None:
    rules = (
        rule("UK", "b", ALWAYS, OUT, jurisdictions=frozenset({"UK"})),
        rule("SET", "b", ALWAYS, OUT, setting="mode=on"),
        rule("ALL", "b", ALWAYS, PASS),
    )
    in_uk = replace(CONTEXT, cell=Cell("UK", "TRANSACTION", "toy"))
    assert one({}, rules)[1] == "ALL"
    assert one({}, rules, in_uk)[1] == "UK"
    assert one({}, rules, replace(CONTEXT, settings={"mode": "on"}))[1] == "SET"
    assert one({}, rules, replace(CONTEXT, settings={"mode": "off"}))[1] == "ALL"


@pytest.mark.parametrize(
    ("labels", "row", "held"),
    [
        (("EU", "TRANSACTION"), {}, False),
        (("EU+UK", None), {}, False),
        ((None, "TRANSACTION"), {}, False),
        (("UK", None), {}, True),
        ((None, "POSITION"), {}, True),
        (("EU", "TRANSACTION"), {"listed": "false"}, True),
        (("EU", None), {"listed": "false"}, True),
        (("UK", "TRANSACTION"), {"listed": "false"}, False),
        ((None, "TRANSACTION"), {"listed": "false"}, False),
    ],
)
def test_labels_that_contradict_the_decision_hold_the_record(
    labels: tuple[str | None, ...], row: dict[str, str | None], held: bool
) -> None:
    table = records(row).with_columns(
        jurisdiction=pl.lit(labels[0], pl.String), report_type=pl.lit(labels[1], pl.String)
    )
    told = eligibility.decide(table, TOY, CONTEXT).row(0, named=True)
    assert (told["rule"] == eligibility.CONTRADICTION) is held
    assert (told["decision"] == "UNDECIDED") is held
    if held:
        assert "toy EU TRANSACTION" in told["reason"]
        assert told["missing"] == "jurisdiction report_type"


def test_a_column_that_is_not_there_is_an_error_that_names_rule_and_column() -> None:
    with pytest.raises(ConfigurationError, match="Decision rule I1 looks at listed"):
        eligibility.decide(records({}).drop("listed"), TOY, CONTEXT)


def test_no_records_give_no_decisions() -> None:
    empty = eligibility.decide(records({}).clear(), TOY, CONTEXT)
    assert empty.height == 0
    assert empty.schema == eligibility.DECISION_SCHEMA
    assert eligibility.trail(records({}).clear(), TOY, CONTEXT).schema == eligibility.TRAIL_SCHEMA


def test_trail_tells_every_block() -> None:
    told = eligibility.trail(records({}, {"kind": None, "product": "LOAN"}), TOY, CONTEXT)
    assert told.select("source_line", "block", "outcome", "rule").rows() == [
        (1, "who", "PASS", "W1"),
        (1, "what", "PASS", "I1"),
        (1, "event", "PASS", "E1"),
        (2, "who", "UNDECIDED", "W?"),
        (2, "what", "NOT_REPORTABLE", "I3"),
        (2, "event", "PASS", "E1"),
    ]


VALUES = {
    "kind": ["FIRM", "PERSON", "GHOST", None],
    "product": ["SHARE", "LOAN", None],
    "listed": ["true", "false", None],
    "event": ["BUY", "SELL", "DREAM", None],
}
ROW = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})


@given(st.lists(ROW, min_size=1, max_size=12), st.randoms())
def test_order_of_rows_and_memory_do_not_matter(rows: list[dict[str, str | None]], random: st.DataObject) -> None:
    shuffled = list(enumerate(rows))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    told = eligibility.decide(records(*rows), TOY, CONTEXT).select("decision", "rule", "reason", "missing").rows()
    again = (
        eligibility.decide(records(*(r for _, r in shuffled)), TOY, CONTEXT)
        .select("decision", "rule", "reason", "missing")
        .rows()
    )
    assert [told[n] for n, _ in shuffled] == again
    assert [
        eligibility.decide(records(r), TOY, CONTEXT).select("decision", "rule", "reason", "missing").row(0)
        for r in rows
    ] == told


CHECKS = st.recursive(
    st.sampled_from([equal("kind", "FIRM"), one_of("event", "BUY"), present("product"), absent("listed"), ALWAYS]),
    lambda inner: st.one_of(
        inner.map(negate),
        st.lists(inner, min_size=1, max_size=3).map(lambda c: all_of(*c)),
        st.lists(inner, min_size=1, max_size=3).map(lambda c: any_of(*c)),
    ),
    max_leaves=6,
)


@given(CHECKS, ROW)
def test_certain_and_possible_agree_with_the_check_where_all_is_known(check: Check, row: dict[str, str | None]) -> None:
    table = records(row)
    certain, possible = bounds(check, known=table.columns)
    got = table.select(c=certain, p=possible, e=check.expr(pl.col)).row(0)
    assert got[0] == got[1] == got[2]


@given(CHECKS.filter(lambda c: not _asks_presence(c)), ROW, ROW)
def test_certain_is_what_every_completion_says(
    check: Check, row: dict[str, str | None], other: dict[str, str | None]
) -> None:
    full = {n: v if v is not None else (other[n] or next(x for x in VALUES[n] if x)) for n, v in row.items()}
    certain, possible = bounds(check)
    got_certain, got_possible = records(row).select(c=certain, p=possible).row(0)
    truth = records(full).select(e=check.expr(pl.col)).row(0)[0]
    assert got_certain <= truth <= got_possible


def _asks_presence(check: Check) -> bool:
    return any(c in ("product", "listed") for c in check.columns())
