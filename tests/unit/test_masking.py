"""What is hidden of persons where people look, and what is not."""

from __future__ import annotations

import polars as pl
import pytest

from regreport.masking import is_person, masked, masked_row, masked_story, masked_table
from regreport.regimes.mifir import REGIME
from regreport.sources.columns import load_columns

LEI = "529900T8BM49AURSDO55"


def test_every_column_of_persons_is_known_and_no_other() -> None:
    """From the fields of the regime and the columns of the source: a new one has to be judged here."""
    fields = {f.column for f in REGIME.layer.fields if f.column and is_person(f.column)}
    parties = [f"{side}{who}" for side in ("buyer", "seller") for who in ("", "_decision_maker")]
    parts = ("id", "first_names", "surnames", "birth_date")
    traders = {"investment_decision_id", "execution_id"}
    assert fields == {f"{party}.{part}" for party in parties for part in parts} | traders
    sources = [f"{side}{who}" for side in ("client", "buyer", "seller") for who in ("", "_decision_maker")]
    wanted = {f"{party}_{part}" for party in sources for part in parts} | traders | {"counterparty"}
    assert {c for c in load_columns("transaction") if is_person(c)} == wanted


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("buyer.id", "DE19800523MATTHBRAND", "(person, 20 characters)"),
        ("buyer", f"{LEI}|DE19800523MATTHBRAND", "(person, 41 characters)"),
        ("client_id", LEI, LEI),
        ("client_id", f"{LEI}|{LEI}", f"{LEI}|{LEI}"),
        ("execution_id", "NORE", "NORE"),
        ("client_surnames", "KOHL", "(person, 4 characters)"),
        ("client_surnames", ["KOHL", "Beck"], ["(person, 4 characters)"] * 2),
        ("/Document/FinInstrmRptgTxRpt/Tx/New/Buyr/AcctOwnr/Id/Prsn/Nm", "Kohl", "(person, 4 characters)"),
        ("/Document/FinInstrmRptgTxRpt/Tx/New/TxId", "T1", "T1"),
        ("price", "12", "12"),
        ("buyer.id", None, None),
        ("buyer.id", "", ""),
    ],
)
def test_persons_are_hidden_and_firms_are_not(column: str, value: object, shown: object) -> None:
    assert masked(column, value) == shown
    if value is None or isinstance(value, str):
        table = pl.DataFrame({"column": [column], "ours": [value]}, schema={"column": pl.String, "ours": pl.String})
        assert masked_table(table, ["ours"])["ours"].to_list() == [shown]


def test_a_finding_that_quotes_the_value_does_not() -> None:
    row = {"value": "1911-02-30", "message": "'1911-02-30' is no date", "record": 3}
    assert masked_row(row, "buyer.birth_date") == {
        "value": "(person, 10 characters)",
        "message": "'(person, 10 characters)' is no date",
        "record": 3,
    }
    assert masked_row(row, "expiry_date") == row


def test_a_story_tells_no_person_whoever_wrote_the_sentence() -> None:
    source = {
        "transaction_id": "T1",
        "client_id": ["DE19800523MATTHBRAND"],
        "client_surnames": ["Brandt"],
        "counterparty": LEI,
        "source_faults": [{"column": "client_birth_date", "value": "1911-02-30", "problem": "no date: 1911-02-30"}],
    }
    told = [
        {"lines": [{"said": "Mr Brandt is unknown", "reference": "T1"}], "findings": [{"path": "price", "value": "3"}]}
    ]
    shown, regimes = masked_story(source, told)
    assert "Brandt" not in str(shown) + str(regimes)
    assert "1911" not in str(shown)
    assert (shown["transaction_id"], shown["counterparty"]) == ("T1", LEI)
    assert regimes[0]["lines"][0] == {"said": "Mr (person, 6 characters) is unknown", "reference": "T1"}
    assert regimes[0]["findings"] == told[0]["findings"]
