"""Annex II: which scheme for which nationality, and which nationality counts."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from regreport.codelists import national_id

AFTER = date(2024, 1, 1)
BEFORE = date(2020, 6, 1)
NO_CONCAT = ["EE", "ES", "IS", "IT", "MT", "PL"]


@pytest.mark.parametrize(
    ("nationality", "expected"),
    [
        ("AT", ("CONCAT",)),
        ("CZ", ("NIDN", "CCPT", "CONCAT")),
        ("CY", ("CCPT", "CONCAT")),
        ("LI", ("CCPT", "NIDN", "CONCAT")),
        ("MT", ("NIDN", "CCPT")),
        ("PL", ("NIDN",)),
        ("SE", ("NIDN", "CONCAT")),
        ("US", ("CCPT", "CONCAT")),
    ],
)
def test_priorities(nationality, expected):
    assert national_id.kinds(nationality) == expected


def test_the_united_kingdom_by_either_reading():
    assert national_id.kinds("GB", gb="annex") == ("NIDN", "CONCAT")
    assert national_id.kinds("GB", gb="other") == ("CCPT", "CONCAT")
    frame = pl.DataFrame({"of": ["GB"], "scheme": ["NIDN"]})
    assert frame.select(national_id.scheme_allowed("of", "scheme")).item() is True
    assert frame.select(national_id.scheme_allowed("of", "scheme", gb="other")).item() is False


def test_six_nationalities_never_under_concat(ask):
    assert ask(national_id.concat_allowed, NO_CONCAT) == [False] * 6
    assert ask(national_id.concat_allowed, ["DE", "SE", "US", "GB", None]) == [True] * 4 + [None]


def test_scheme_and_its_rank():
    frame = pl.DataFrame(
        [
            ("LI", "CCPT"),
            ("LI", "NIDN"),
            ("DE", "NIDN"),
            ("JP", "CONCAT"),
            ("SE", "TXID"),
            ("SE", None),
            (None, "NIDN"),
        ],
        schema=["of", "scheme"],
        orient="row",
    )
    answer = frame.select(
        allowed=national_id.scheme_allowed("of", "scheme"), rank=national_id.scheme_rank("of", "scheme")
    )
    assert answer["allowed"].to_list() == [True, True, False, True, False, None, None]
    assert answer["rank"].to_list() == [1, 2, None, 2, None, None, None]


@pytest.mark.parametrize(
    ("why", "nationalities", "expected"),
    [
        ("one", ["SE"], "SE"),
        ("of two inside, the first by code", ["SE", "DE"], "DE"),
        ("inside goes before outside", ["US", "SE"], "SE"),
        ("outside does not win by its code", ["AR", "SE"], "SE"),
        ("one outside", ["US"], "US"),
        ("the same twice", ["US", "US"], "US"),
        ("several outside: nobody says", ["US", "AR"], None),
        ("the United Kingdom is outside", ["GB", "SE"], "SE"),
        ("the United Kingdom alone", ["GB"], "GB"),
        ("a hole in the list", [None, "SE"], "SE"),
        ("none", [], None),
        ("not known", None, None),
    ],
)
def test_which_nationality_counts(why, nationalities, expected):
    frame = pl.DataFrame({"of": [nationalities, ["FR"]]}, schema={"of": pl.List(pl.String)})
    assert frame.select(national_id.nationality_for_reporting("of", AFTER)).to_series().to_list() == [expected, "FR"]


def test_the_united_kingdom_counts_until_it_left_and_where_it_is_asked_for():
    frame = pl.DataFrame({"of": [["GB", "SE"]]})
    assert frame.select(national_id.nationality_for_reporting("of", BEFORE)).item() == "GB"
    assert frame.select(national_id.nationality_for_reporting("of", AFTER)).item() == "SE"
    assert frame.select(national_id.nationality_for_reporting("of", AFTER, gb="annex")).item() == "GB"


def test_the_form_follows_the_scheme():
    rows = [
        ("SE196408233234", "NIDN", True),
        ("SE1964", "NIDN", False),
        ("SE196408233234", "CONCAT", False),
        ("IE19800113JOHN#OBRIA", "CONCAT", True),
        ("USP1234567", "CCPT", True),
        ("USP12 4567", "CCPT", False),
        ("USp1234567", "CCPT", False),
        ("XYP1234567", "CCPT", False),
        ("US" + "1" * 33, "CCPT", True),
        ("US" + "1" * 34, "CCPT", False),
        ("US123", "NIDN", True),
        ("US123", "TXID", False),
        (None, "CCPT", None),
        (None, "TXID", None),
        ("US123", None, None),
    ]
    frame = pl.DataFrame(rows, schema=["id", "scheme", "expected"], orient="row")
    answer = frame.with_columns(verdict=national_id.form_valid("id", "scheme"))
    assert answer.filter(pl.col("verdict").ne_missing(pl.col("expected"))).is_empty(), answer


@pytest.mark.shared
def test_the_annex_agrees_with_the_list_of_facts(shared_dir: Path):
    facts = shared_dir / "facts" / "mifir" / "national_identifiers.csv"
    if not facts.is_file():
        pytest.skip(f"no list of national identifiers at {facts}")
    with facts.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 32
    for row in rows:
        listed = [kind for kind in (row["first"], row["second"], row["third"]) if kind]
        assert national_id.kinds(row["country"]) == tuple(dict.fromkeys(listed)), row["country"]
        assert ("CONCAT" in listed) == (row["concat_allowed"] == "yes"), row["country"]
