"""Laws of the decisions under generated records: a missing fact only holds, order does not matter, no rule is idle."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from eligible import LATER, LISTED, LISTED_UK, OTC, REPORTABLE, UNLISTED, context, decide, landed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regreport import eligibility
from regreport.errors import ConfigurationError
from regreport.regimes.mifir.eligibility import DECISIONS, facts
from regreport.regimes.mifir.eligibility.event_kinds import event_kinds

YES_NO = st.sampled_from(["true", "false", None])
FLAGS = (
    *("holder_choice", "is_otc_derivative", "otc_class_8a2", "cleared", "underlying_on_venue", "escb_counterparty"),
    *("employee_plan_criteria_met", "offer_terms_fixed", "post_trade_publication", "transmitted", "receiver_is_firm"),
    *("receiver_agreed", "agreement_controls", "details_complete", "reported_by_trade_repository"),
    "member_subject_to_mifir",
)
CODES: dict[str, list[str | None]] = {
    "event_kind": [*(k.code for k in event_kinds()), "OTHER", None],
    "isin": [LISTED, LISTED_UK, UNLISTED, LATER, None],
    "venue": ["XETA", "BTFE", "XSTI", "XLON", "XNYS", "XOFF", "XXXX", "ODDX", None],
    "product_kind": ["INSTRUMENT", "SPOT_FX", "LOAN", None],
    "service": ["RECEPTION_TRANSMISSION", "CLIENT_EXECUTION", "OWN_ACCOUNT", "MANDATE", "TRANSFER", "NONE", None],
    "order_origin": ["CLIENT", "MANDATE", "OWN", None],
    "trading_capacity": ["DEAL", "MTCH", "AOTC", None],
    "branch_country": ["DE", "GB", "US", None],
    "instrument_classification": ["ESVUFR", "DBFTFB", "SRCCSP", "JESXFP", "FFSPNX", "SCICCA", None],
}
TIMES = ("2018-06-01T10:00:00Z", "2020-12-31T23:00:00Z", "2024-03-28T00:00:00Z", "2026-11-23T10:00:00Z")
RECORD = st.fixed_dictionaries(
    {
        **dict.fromkeys(FLAGS, YES_NO),
        **{c: st.sampled_from(v) for c, v in CODES.items()},
        "timestamp": st.sampled_from(TIMES),
    }
)
WHERE = st.fixed_dictionaries(
    {
        "jurisdiction": st.sampled_from(["EU", "UK"]),
        "kind": st.sampled_from(["FIRM", "FIRM", "VENUE_OPERATOR", "NON_FIRM", None]),
        "country": st.sampled_from(["DE", "GB", "US"]),
        "settings": st.sampled_from(
            [{}, {"otc_scope": "L1_2024"}, {"otc_scope": "LEGACY", "reports_via_trade_repository": "true"}]
        ),
    }
)


def record_of(base: dict[str, object], change: dict[str, Any]) -> dict[str, Any]:
    return {"transaction_id": "T1", "entity": base["entity"], **base, **change}


def consistent(record: dict[str, Any]) -> bool:
    """XXXX says that no venue trades the instrument; beside a listed ISIN the record contradicts itself, which the
    rules on the report say, and then the ISIN and the venue are evidence against each other."""
    return not (record.get("venue") == "XXXX" and record.get("isin") in (LISTED, LISTED_UK, LATER))


def consistent_cfi(record: dict[str, Any]) -> dict[str, Any]:
    """The record with the CFI code that the list has for its instrument, where it gives one of its own."""
    listed = record.get("isin") in (LISTED, LISTED_UK, LATER) and record.get("instrument_classification")
    return record | ({"instrument_classification": "ESVUFR"} if listed else {})


WHERES: list[dict[str, Any]] = [
    {"jurisdiction": "EU", "settings": {"otc_scope": "L1_2024"}},
    {"jurisdiction": "EU", "settings": {}},
    {"jurisdiction": "EU", "settings": {"otc_scope": "LEGACY", "reports_via_trade_repository": "true"}},
    {"jurisdiction": "EU", "kind": "VENUE_OPERATOR"},
    {"jurisdiction": "EU", "country": "GB"},
    {"jurisdiction": "UK", "country": "GB"},
    {"jurisdiction": "UK", "country": "US", "settings": {"uk_scope": "UK_ONLY"}},
]


@pytest.mark.parametrize("place", range(len(WHERES)))
def test_a_fact_less_never_turns_an_answer_into_its_opposite(place: int) -> None:
    """Over seeded records, most of them near a base record, where the boundaries are."""
    draws = Random(place)
    full, poorer, gone = [], [], []
    while len(full) < 1500:
        record = _drawn(draws)
        if consistent(record):
            given_facts = [n for n in (*FLAGS, *CODES) if record.get(n) is not None]
            gone.append(draws.sample(given_facts, min(len(given_facts), draws.choice((1, 1, 2, 3)))))
            full.append(record)
            poorer.append(record | dict.fromkeys(gone[-1]))
    at = context(**WHERES[place])
    before, after = decide(*full, at=at), decide(*poorer, at=at)
    assert set(before["decision"]) == {"REPORTABLE", "NOT_REPORTABLE", "UNDECIDED"}
    for n, (was, became) in enumerate(zip(before["decision"], after["decision"], strict=True)):
        assert "UNDECIDED" in (was, became) or was == became, (gone[n], full[n], before["rule"][n], after["rule"][n])


def _drawn(draws: Random) -> dict[str, Any]:
    names = [*FLAGS, *CODES]
    picked = draws.sample(names, draws.choice((1, 2, 3, 4, 8, len(names))))
    change = {n: draws.choice(("true", "false", None) if n in FLAGS else CODES[n]) for n in picked}
    record = record_of(draws.choice((REPORTABLE, OTC)), change)
    return consistent_cfi(record | {"timestamp": draws.choice(TIMES)})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORD, min_size=2, max_size=8), WHERE, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(changes: list[dict[str, Any]], where: dict[str, Any], random: Any) -> None:
    records = [{**record_of(REPORTABLE, c), "transaction_id": f"T{n}"} for n, c in enumerate(changes)]
    shuffled = list(records)
    random.shuffle(shuffled)
    at = context(**where)
    columns = ("transaction_id", "decision", "rule", "reason", "missing")
    told = decide(*records, at=at).select(columns).rows()
    assert sorted(told, key=str) == sorted(decide(*shuffled, at=at).select(columns).rows(), key=str)
    assert [r[0] for r in told] == [r["transaction_id"] for r in records]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORD, min_size=1, max_size=6), WHERE)
def test_a_record_alone_is_decided_as_among_others(changes: list[dict[str, Any]], where: dict[str, Any]) -> None:
    records = [record_of(REPORTABLE, c) for c in changes]
    at = context(**where)
    together = decide(*records, at=at).select("decision", "rule", "missing").rows()
    assert [decide(r, at=at).select("decision", "rule", "missing").row(0) for r in records] == together


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RECORD, WHERE)
def test_every_answer_has_its_rule_and_its_words(change: dict[str, Any], where: dict[str, Any]) -> None:
    told = decide(record_of(REPORTABLE, change), at=context(**where)).row(0, named=True)
    assert told["rule"]
    assert told["reason"]
    if told["decision"] == "UNDECIDED":
        assert told["missing"]
        assert "@" not in told["missing"]
    else:
        assert told["missing"] is None


def test_the_trail_ends_where_the_decision_does() -> None:
    at = context()
    rows = facts(landed(REPORTABLE, {**REPORTABLE, "event_kind": "EXPIRY"}, {**REPORTABLE, "event_kind": None}), at)
    decided = eligibility.decide(rows, DECISIONS, at)["rule"].to_list()
    blocks = eligibility.trail(rows, DECISIONS, at)
    assert [r in blocks.filter(source_line=n)["rule"].to_list() for n, r in enumerate(decided, start=1)] == [True] * 3


@pytest.mark.parametrize("setting", ["otc_scope", "uk_scope"])
def test_a_setting_that_cannot_be_understood_is_an_error(setting: str) -> None:
    with pytest.raises(ConfigurationError, match=f"mifir setting {setting} is 'OTHER'"):
        decide(REPORTABLE, at=context(settings={setting: "OTHER"}))
