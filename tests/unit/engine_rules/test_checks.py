"""Each check of the vocabulary: where it holds, where it does not, and that an absent value never makes it null."""

from __future__ import annotations

import polars as pl
import pytest

from regreport.engine import checks as c
from regreport.engine import standards

TABLE = pl.DataFrame(
    {
        "a": ["X1", "x1", None, ""],
        "b": ["X1", "X1", "X1", None],
        "n": ["1.50", "-2", "abc", None],
        "m": ["1.5", "2", None, "7"],
        "day": ["2026-11-23T10:00:00Z", "2020-02-29", None, "2026-11-23"],
        "last": ["2026-11-23", "2025-02-28", "2026-11-23", "2026-11-30"],
        "id": ["IE19800113JOHN#OBRIA", "IE1980", None, "IE19800114JOHN#OBRIA"],
        "born": ["1980-01-13", "1980-01-13", "1980-01-13", None],
        "codes": [["A", "B"], ["A", "A"], None, ["C", None]],
        "more": [["B"], ["C"], ["A"], None],
        "party": [[{"id": "X1", "kind": "LEI"}], [{"id": None, "kind": "INTC"}], None, [{"id": "Q", "kind": None}]],
        "other": [[{"id": "X1"}], [{"id": None}], [{"id": "X1"}], [{"id": "Z"}, {"id": "Q"}]],
    }
)

HOLDS: list[tuple[c.Check, list[bool]]] = [
    (c.ALWAYS, [True] * 4),
    (c.present("a"), [True, True, False, True]),
    (c.absent("a"), [False, False, True, False]),
    (c.equal("a", "X1"), [True, False, False, False]),
    (c.one_of("a", "X1", ""), [True, False, False, True]),
    (c.one_of("a", *"ABCDEFGHIJ", "x1"), [False, True, False, False]),
    (c.matches("a", "[A-Z][0-9]|"), [True, False, False, True]),
    (c.starts("a", "X", "x"), [True, True, False, False]),
    (c.starts("a", *(f"{letter}1" for letter in "ABCDEFGHIX")), [True, False, False, False]),
    (c.Capital("a"), [True, False, False, True]),
    (c.Number("n", ">", "-2"), [True, False, False, False]),
    (c.Number("n", "==", "1.5"), [True, False, False, False]),
    (c.Number("n", "!=", "1.5"), [False, True, False, False]),
    (c.SameNumber("n", "m"), [True, False, False, False]),
    (c.DateFrom("day", "2026-01-01"), [True, False, False, True]),
    (c.Same("a", "b"), [True, False, False, False]),
    (c.NotAfter("day", "last"), [True, True, False, True]),
    (c.NotAfter("last", "day", 19), [True, False, False, False]),
    (c.WithinDays("day", "last", 7), [True, False, False, True]),
    (c.WithinDays("day", "last", 6), [True, False, False, False]),
    (c.WithinYears("day", "last", 5), [True, True, False, True]),
    (c.WithinYears("day", "last", 4), [True, False, False, True]),
    (c.PartIs("id", 2, 8, "born"), [True, False, False, False]),
    (c.is_a("country", "b"), [False] * 4),
    (c.Counted("codes", "==", 2), [True, True, False, True]),
    (c.Counted("codes", "<", 1), [False, False, True, False]),
    (c.Distinct("codes"), [True, False, True, True]),
    (c.some("codes", c.equal("codes", "B")), [True, False, False, False]),
    (c.none("codes", c.equal("codes", "B")), [False, True, True, True]),
    (c.some("party", c.equal("party.kind", "INTC")), [False, True, False, False]),
    (c.some("party", c.absent("party.kind")), [False, False, False, True]),
    (c.contains("party.id", "b"), [True, False, False, False]),
    (c.contains("codes", "a"), [False] * 4),
    (c.overlaps("party.id", "other.id"), [True, False, False, True]),
    (c.overlaps("codes", "more"), [True, False, False, False]),
    (c.negate(c.equal("a", "X1")), [False, True, True, True]),
    (c.all_of(c.present("a"), c.present("b")), [True, True, False, False]),
    (c.any_of(c.absent("a"), c.absent("b")), [False, False, True, True]),
]


@pytest.mark.parametrize(("check", "expected"), HOLDS, ids=[check.words() for check, _ in HOLDS])
def test_check(check: c.Check, expected: list[bool]) -> None:
    verdict = TABLE.select(pl.col("a").is_null().alias("height"), check.expr(pl.col).alias("holds"))["holds"]
    assert verdict.to_list() == expected


@pytest.mark.parametrize(("check", "expected"), HOLDS, ids=[check.words() for check, _ in HOLDS])
def test_check_names_columns_that_exist(check: c.Check, expected: list[bool]) -> None:
    assert set(check.columns()) <= set(TABLE.columns)
    assert check.words()
    assert len(expected) == TABLE.height


def test_every_check_is_tried() -> None:
    def inside(check: object) -> set[type]:
        parts = [getattr(check, "check", None), *getattr(check, "checks", ())]
        return {type(check)}.union(*(inside(p) for p in parts if p is not None))

    classes = {getattr(c, n) for n in c.__all__ if isinstance(getattr(c, n), type)} - {c.Check}
    assert classes - set().union(*(inside(check) for check, _ in HOLDS)) == set()


def test_an_element_sees_only_itself() -> None:
    with pytest.raises(KeyError, match="cannot see column 'a'"):
        c.some("party", c.equal("a", "X1")).expr(pl.col)


def test_a_standard_that_is_not_bound_is_an_error() -> None:
    with pytest.raises(KeyError, match="IBAN"):
        c.is_a("IBAN", "a").expr(pl.col)


STANDARD_SAMPLES = {
    "LEI": ("529900T8BM49AURSDO55", "529900T8BM49AURSDO56"),
    "ISIN": ("SE000TEST002", "SE000TEST003"),
    "MIC": ("XPAR", "xpar"),
    "CFI": ("ESVUFR", "ESVUFQ"),
    "CFI group": ("ESVUFQ", "ZZVUFR"),
    "currency": ("DEM", "GBX"),
    "country": ("GB", "UK"),
    "date": ("2024-02-29", "2023-02-29"),
    "CONCAT": ("IE19800113JOHN#OBRIA", "IE19800231JOHN#OBRIA"),
    "national number": ("SE196408233234", "SE196408233235"),
    "UTI": ("529900T8BM49AURSDO55ABC", "529900T8BM49AURSDO56ABC"),
    "UPI": ("QZ3HXD0QWPVZ", "QZ3HXD0QWPVX"),
}


@pytest.mark.parametrize("standard", sorted(c.PREDICATES))
def test_standard_is_bound_to_its_list(standard: str) -> None:
    good, bad = STANDARD_SAMPLES[standard]
    table = pl.DataFrame({"v": [good, bad, None]})
    assert table.select(c.is_a(standard, "v").expr(pl.col))["v"].to_list() == [True, False, False]


def test_a_currency_is_judged_on_its_day() -> None:
    rows = [
        ("EUR", "2026-11-23T10:00:00Z", True),
        ("HRK", "2022-12-31T23:59:59Z", True),
        ("HRK", "2023-01-01T00:00:00Z", False),
        ("ZWG", "2024-06-24", False),
        ("ZWG", "2024-06-25", True),
        ("DEM", "2020-01-01", False),
        ("XXX", "2020-01-01", False),
        ("EUR", None, True),
        ("HRK", None, False),
        (None, "2020-01-01", False),
    ]
    table = pl.DataFrame(rows, schema=["v", "day", "expected"], orient="row")
    verdict = table.select(c.is_a("currency", "v", "day").expr(pl.col))["v"]
    assert verdict.to_list() == table["expected"].to_list()


def test_a_national_number_of_a_country_without_known_form_is_not_judged() -> None:
    assert pl.DataFrame({"v": ["US1"]}).select(standards.PREDICATES["national number"](pl.col("v")))["v"].to_list() == [
        True
    ]
