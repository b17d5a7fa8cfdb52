"""Event kinds: each code leads to the rule that its list says, and the page in the docs is the list."""

from __future__ import annotations

from pathlib import Path

import pytest
from eligible import OTC, REPORTABLE, verdict

from regreport.regimes.mifir.eligibility import DECISIONS
from regreport.regimes.mifir.eligibility.event_kinds import as_markdown, event_kinds

PAGE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "event-kinds.md"
FURTHER = {
    "MF-T2": {"post_trade_publication": "true"},
    "MF-N1": {"escb_counterparty": "false"},
    "MF-N13": {"employee_plan_criteria_met": "true"},
    "MF-N14": {"instrument_classification": "DBFTFB", "offer_terms_fixed": "true"},
}
NEEDS_A_CHOICE = {"CORPORATE_ACTION", "NOTIONAL_CHANGE"}


@pytest.mark.parametrize("kind", event_kinds(), ids=lambda k: k.code)
def test_code_leads_to_its_rule(kind: object) -> None:
    code, rule = kind.code, kind.rule  # type: ignore[attr-defined]
    further = FURTHER.get(rule, {}) | ({"holder_choice": "false"} if code in NEEDS_A_CHOICE else {})
    base = {**OTC, "underlying_on_venue": None, "venue": "BTFE"} if rule == "MF-N5" else REPORTABLE
    decision, decided_by = verdict({"event_kind": code, **further}, base=base)
    assert decided_by == rule or (decision == "REPORTABLE" and rule.startswith("MF-T"))


def test_every_code_is_unique_and_names_a_rule() -> None:
    codes = [k.code for k in event_kinds()]
    assert len(codes) == len(set(codes))
    assert {k.rule for k in event_kinds()} <= {r.id for r in DECISIONS}
    assert all(k.meaning for k in event_kinds())


def test_the_page_in_the_docs_is_the_list() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_markdown()
