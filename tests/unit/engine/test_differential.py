"""The engine and libxml2 give the same verdicts (a slice of the campaign in `differential.py`)."""

from __future__ import annotations

from pathlib import Path

import differential
import pytest
from differential import Outcome, run, run_documents, subject

from regreport import messages
from regreport.engine.message import Message, make_message
from regreport.engine.table import drop_facet

MUTANTS = 500
RECORD = "Document/FinInstrmRptgTxRpt/Tx"


def require_agreement(outcome: Outcome) -> None:
    print(differential.line("slice", outcome))
    assert outcome.disagreements == []
    assert outcome.valid >= outcome.mutants / 4
    assert outcome.invalid >= outcome.mutants / 4
    assert outcome.by_check >= outcome.invalid / 2, "half of the invalid ones must be left to the column check"


def test_transaction_reports_against_the_emitted_schema() -> None:
    require_agreement(run(subject("auth.016.001.01"), MUTANTS, seed=11, systematic=False))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["auth.016.001.03", "auth.031.001.01", "head.001.001.01"])
def test_against_the_official_schema(name: str, shared_dir: Path) -> None:
    differential.SHARED = shared_dir
    require_agreement(run(subject(name), MUTANTS, seed=11, systematic=False))


@pytest.mark.shared
def test_whole_enveloped_documents(shared_dir: Path) -> None:
    differential.SHARED = shared_dir
    require_agreement(run_documents(120, seed=11))


@pytest.mark.parametrize(
    ("path", "facet"),
    [
        ("New/TxId", "pattern"),
        ("New/Tx/TradgCpcty", "enumeration"),
        ("New/FinInstrm/Othr/FinInstrmGnlAttrbts/FullNm", "length_max"),
        ("New/Tx/Qty/Unit", "digits_total"),
        ("New/Tx/Qty/Unit", "value_above"),
        ("New/Tx/Pric/Pric/MntryVal/Amt", "digits_fraction"),
    ],
)
def test_a_declaration_without_one_facet_is_found_out(path: str, facet: str) -> None:
    """Control: the comparison is not blind to a single limit of a single leaf."""
    weakened: Message = make_message(
        "control", drop_facet(messages.table("auth.016.001.01"), f"{RECORD}/{path}", facet), RECORD, None, None
    )
    record = messages.load("auth.016.001.01").record
    mutants = differential.make_mutants(record, 300, 5, systematic=False, only=path)
    subject_ = subject("auth.016.001.01", control=weakened)
    differential.judge(subject_, mutants)
    outcome = differential.compare(subject_, mutants)
    assert outcome.disagreements, "the missing limit was not noticed"
    assert all("libxml2 False" in text for text in outcome.disagreements)
