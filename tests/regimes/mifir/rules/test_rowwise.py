"""The engine over columns finds what the row-by-row yardstick finds: for every case, and for random tables.

The yardstick shares the rules' declarations and nothing else, so a fault in the vocabulary, in a cross rule or in the
engine shows as a difference. Random records start from valid ones; a few values each are replaced by values of the same
column's world, right and wrong.
"""

from __future__ import annotations

import copy
from typing import Any

import polars as pl
import pytest
import rule_cases
from benchmarks.rules_rowwise import findings, rows_of
from benchmarks.rules_rowwise_across import ACROSS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regreport.engine import distinct
from regreport.engine.rule import CrossRule, run_rules
from regreport.regimes.mifir.rules import RULES

DAYS = ("2026-11-23", "2026-11-24", "2026-11-15", "2026-11-16", "2021-11-22", "2024-02-29", "2026-02-30", "2036-11-24")
TIMES = (
    *("2026-11-23T10:15:30.123456Z", "2026-11-23T17:20:30.5Z", "2026-11-23T05:00:00Z", "2026-11-23T00:00:00.000Z"),
    *("2026-07-01T16:20:30.5Z", "2026-11-16T10:00:00Z", "2026-11-15T10:00:00.000Z", "2021-11-22T10:00:00Z"),
    *("2026-11-24T06:00:01Z", "2018-01-02T10:00:00Z", "2026-11-23T11:15:30+01:00", "2022-12-31T10:00:00Z", "noon"),
)
NUMBERS = ("100", "1", "1.0", "0", "0.00", "-5", "251.5", "2.515", "249", "84.30", "1e2", "abc", "", "0.0000000000001")
ISINS = ("SE000TEST002", "DE000TESTIX2", "DE000TESTOP6", "DE000TESTIX3", "GB000TEST009", "X", "")
LEIS = ("TESTFIRMAAAAAAAAAA61", "TESTBANKBBBBBBBBBB50", "TESTFUNDFFFFFFFFFF62", "TESTBANKBBBBBBBBBB05", "XSTO")
PEOPLE = (
    *("SE196408233234", "SE196408233235", "IE19800113JOHN#OBRIA", "IE19800231JOHN#OBRIA", "IT19800113JOHN#OBRIA"),
    *(
        "FI131052-308T",
        "PL44051401359",
        "US123456789",
        "GB123456789",
        "HU19810214LUDWIROHE#",
        "SE12",
        "se1",
        "ES12345678A",
    ),
)
CURRENCIES = ("EUR", "SEK", "GBX", "HRK", "BGN", "DEM", "eur", "XXX")
FLAGS = ("true", "false", "yes")
CFIS = (
    *("ESVUFR", "DBFUFB", "DBFTFB", "OCASPS", "OPASPS", "HESAVP", "HESAVQ", "SRCCSP", "SCUCCC", "JFTXFP", "FCAPSX"),
    *("RWSNCA", "ZZSAVP", "CEOGES", "OCATPS", "DEXXXC", "FFSPSX", "es"),
)
CODES = {
    "status": ("NEWT", "CANC"),
    "trading_capacity": ("DEAL", "MTCH", "AOTC"),
    "quantity_type": ("UNIT", "NMNL", "MNTR"),
    "price_type": ("MNTR", "PCTG", "YIEL", "BAPO", "PNDG", "NOAP"),
    "strike_price_type": ("MNTR", "PCTG", "PNDG", "NOAP"),
    "venue": ("XSTO", "XETA", "XOFF", "XXXX", "XLON", "XEUR"),
    "instrument_type": ("ID", "OTHR"),
    "execution_type": ("NIDN", "CCPT", "CONCAT", "ALGO", "NORE"),
    "investment_decision_type": ("NIDN", "CONCAT", "ALGO"),
    "id_type": ("LEI", "MIC", "NIDN", "CCPT", "CONCAT", "INTC"),
    "option_type": ("CALL", "PUTO", "OTHR"),
    "delivery_type": ("PHYS", "CASH", "OPTL", "x"),
    "short_selling": ("SELL", "SESH", "UNDI"),
    "notional_currency_2_type": ("FX", "INTR"),
    "transaction_reference": ("T0001", "T0003", "T-1", "t", "A" * 53),
    "complex_trade_id": ("C1", "C2"),
    "surnames": ("EXAMPLE", "Example", "ØDEGåRD", "STRAßE"),
    "first_names": ("ANNA", "Anna"),
    "execution_id": ("ALGO42", "algo", *PEOPLE),
    "investment_decision_id": ("ALGO42", "algo", *PEOPLE),
    "lei_status": ("ACTIVE/ISSUED", "ACTIVE/LAPSED", "INACTIVE/RETIRED", "UNKNOWN"),
    "lei_category": ("GENERAL", "BRANCH", "FUND"),
    "@venue.kind": ("XOFF", "XXXX", "SINT", "OPRT", "SGMT", "NONE"),
    "@venue.category": ("RMKT", "NSPD", "SINT"),
    "@executing.category": ("GENERAL", "BRANCH"),
    "@report.created_at": ("2026-11-24T06:00:00Z", "2026-11-23T12:00:00Z"),
    "waiver": ("SIZE", "RFPT", "NOPR", "x"),
    "otc_post_trade": ("LRGS", "SIZE", "PORT"),
    "underlying_in_type": ("ISIN", "INDEX"),
    "underlying_out_type": ("ISIN", "INDEX"),
}


def pool(column: str) -> tuple[str, ...]:
    """Values that a column may take in a random record."""
    name = column.rpartition(".")[2]
    for key in (column, name):
        if key in CODES:
            return CODES[key]
    if name == "id":
        return LEIS + PEOPLE
    if column == "trading_date_time":
        return TIMES
    tests: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
        (("_date", "report.date"), DAYS),
        (("isin",), ISINS),
        (("country",), ("SE", "UK", "DE", "se")),
        (("currency", "currency_1", "currency_2"), CURRENCIES),
        (("cfi", "classification"), CFIS),
        (("quantity", "price", "amount", "payment", "multiplier"), NUMBERS),
        (("entity", "firm_buyer", "firm_seller"), LEIS),
        ((".status",), CODES["lei_status"]),
        (("index_code", "code"), ("EURI", "EURO")),
        (("sft", "transmission", "firm", "derivative", "sign", "known", "active", "eea", "segments"), FLAGS),
    )
    for endings, values in tests:
        if column.endswith(endings):
            return values
    return ("A1", "b")


Change = tuple[str, str, str | None]
SCHEMA = rule_cases.schema()
GROUPS = {
    n: [f.name for f in d.inner.fields] for n, d in SCHEMA.items() if isinstance(getattr(d, "inner", None), pl.Struct)
}


def _value(column: str) -> st.SearchStrategy[Any]:
    if isinstance(SCHEMA.get(column), pl.List):
        return st.lists(st.sampled_from(pool(column)), max_size=3).map(lambda v: v or None)
    return st.none() | st.sampled_from(pool(column))


def _change() -> st.SearchStrategy[tuple[str, Any]]:
    def element(group: str) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({n: _value(f"{group}.{n}") for n in GROUPS[group]})

    def values(column: str) -> st.SearchStrategy[tuple[str, Any]]:
        if column in GROUPS:
            return st.lists(element(column), max_size=2).map(lambda v: (column, v or None))
        return _value(column).map(lambda v: (column, v))

    return st.sampled_from(sorted(SCHEMA)).flatmap(values)


RECORD = st.tuples(st.sampled_from(rule_cases.base_names()), st.lists(_change(), max_size=6))


def _table(drawn: list[tuple[str, list[tuple[str, Any]]]], repeat: int) -> pl.DataFrame:
    records = []
    for name, changes in drawn:
        record = copy.deepcopy(rule_cases.base(name))
        record.update(changes)
        records += [record] * repeat
    return rule_cases.table(records)


def both(table: pl.DataFrame) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What the engine finds and what the yardstick finds: (record, rule, value)."""
    over_columns = run_rules(RULES, table, reference="transaction_reference")
    return over_columns.select("record", "rule", "value").rows(), findings(RULES, rows_of(table))


@pytest.mark.parametrize("name", sorted({c.rule for c in rule_cases.cases()} & {r.id for r in RULES}))
def test_cases_of_a_rule_are_judged_alike(name: str) -> None:
    rule = [r for r in RULES if r.id == name]
    for case in (c for c in rule_cases.cases() if c.rule == name):
        table = rule_cases.table(rule_cases.records_of(case))
        found = run_rules(rule, table, reference="transaction_reference").select("record", "rule", "value").rows()
        assert found == findings(rule, rows_of(table)), case


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=st.lists(RECORD, min_size=1, max_size=4), repeat=st.sampled_from([1, 1, 6, 12]))
def test_random_tables_are_judged_alike(drawn: list[tuple[str, list[tuple[str, Any]]]], repeat: int) -> None:
    over_columns, row_by_row = both(_table(drawn, repeat))
    assert over_columns == row_by_row


@pytest.fixture
def by_distinct_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judges even short columns by their distinct values, as otherwise only long ones are."""
    monkeypatch.setattr(distinct, "SHORT_ROWS", 0)
    monkeypatch.setattr(distinct, "SAMPLE_ROWS", 1)
    monkeypatch.setattr(distinct, "SHARE_MAX", 1)


@pytest.mark.usefixtures("by_distinct_values")
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
@given(drawn=st.lists(RECORD, min_size=1, max_size=4), repeat=st.sampled_from([1, 1, 6]))
def test_random_tables_are_judged_alike_by_distinct_values(
    drawn: list[tuple[str, list[tuple[str, Any]]]], repeat: int
) -> None:
    over_columns, row_by_row = both(_table(drawn, repeat))
    assert over_columns == row_by_row


def test_a_long_table_of_all_cases_is_judged_alike() -> None:
    """Long enough for every shortcut over distinct values; each case's records are in it several times."""
    records = [r for c in rule_cases.cases() if c.base != "file" for r in rule_cases.records_of(c)]
    table = pl.concat([rule_cases.table(records)] * 4)
    over_columns, row_by_row = both(table)
    assert table.height > 2_048
    assert len({rule for _, rule, _ in over_columns}) > 100
    assert over_columns == row_by_row


def test_control_a_difference_is_seen() -> None:
    """A yardstick that lacks a rule, or judges it differently, does not agree."""
    table = rule_cases.table([rule_cases.base("share_buy_own"), {**rule_cases.base("share_buy_own"), "quantity": "0"}])
    over_columns, _ = both(table)
    fewer = findings([r for r in RULES if r.id != "R22-30-01"], rows_of(table))
    assert over_columns != fewer


def test_every_cross_rule_has_its_row_by_row_twin() -> None:
    assert set(ACROSS) == {r.id for r in RULES if isinstance(r, CrossRule)}
