"""CONCAT: the guidelines' examples come out letter for letter, and what cannot be written is null."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regreport.codelists import concat, latin

EXAMPLES = [
    ("IE", date(1980, 1, 13), "John", "O'Brian", "IE19800113JOHN#OBRIA"),
    ("HU", date(1981, 2, 14), "Ludwig", "Van der Rohe", "HU19810214LUDWIROHE#"),
    ("US", date(1973, 3, 22), "Victor", "Vandenberg", "US19730322VICTOVANDE"),
    ("NO", date(1976, 3, 15), "Eli", "Ødegård", "NO19760315ELI##ODEGA"),
    ("LU", date(1966, 4, 16), "Willeke", "de Bruijn", "LU19660416WILLEBRUIJ"),
    ("US", date(1965, 4, 17), "Jon Ian", "Dewitt", "US19650417JON##DEWIT"),
    ("PT", date(1990, 5, 17), "Amy-Ally", "Garção de Magalhães", "PT19900517AMYALGARCA"),
    ("FR", date(1990, 6, 18), "Giovani", "dos Santos", "FR19900618GIOVASANTO"),
    ("DE", date(1980, 7, 15), "Günter", "Voẞ", "DE19800715GUNTEVOS##"),
    ("IE", date(1976, 2, 27), "SEAN", "MURPHY", "IE19760227SEAN#MURPH"),
    ("IE", date(1951, 12, 12), "THOMAS", "MACCORMACK", "IE19511212THOMAMACCO"),
    ("FR", date(1976, 2, 27), "PIERRE MARIE", "DUPONT", "FR19760227PIERRDUPON"),
]
OURS = [
    ("titles go, one or several", "Prof. Dr. Hans", "von der Weiß", "HANS#WEIS#"),
    ("a title with and without a full stop", "Dr Robert", "Ford", "ROBERFORD#"),
    ("a title before the surname's prefix", "Hans", "Dr. von Berg", "HANS#BERG#"),
    ("first names with a comma between them", "Jean, Paul", "Dupont", "JEAN#DUPON"),
    ("the longest prefix goes, and only one", "Jan", "van de van Dijk", "JAN##VANDI"),
    ("prefixes in capitals and with several blanks", "Jan", "VON   DEM  Berg", "JAN##BERG#"),
    ("a prefix that ends in an apostrophe", "Guillaume", "de l’Hôpital", "GUILLHOPIT"),
    ("an attached prefix stays", "Anna", "McDonald", "ANNA#MCDON"),
    ("an attached d' stays", "Anna", "D'Angelo", "ANNA#DANGE"),
    ("a prefix alone is a name", "Minh", "Van", "MINH#VAN##"),
    ("a title alone is a name", "Dame", "Rose", "DAME#ROSE#"),
    ("letter and loose mark", "Zoe\u0308", "Ni\u0301 Bhriain", "ZOE##BHRIA"),
    ("letters beyond the table lose their marks", "Jānis", "Bērziņš", "JANISBERZI"),
    ("ligatures of print", "Sofi", "ﬁn", "SOFI#FIN##"),
    ("digits and signs vanish", "J0hn", "Sm¡th-2", "JHN##SMTH#"),
    ("the small and the capital eth", "Ðorđe", "Friðrik", "DORDEFRIDR"),
]
UNWRITABLE = ["Альберт", "Ευριπίδης", "王", "", " ", "-", "'", "123", "Aльberт"]


def build(first, surname, born=date(1980, 1, 1), nationality="DE"):
    columns = {"f": pl.String, "s": pl.String, "b": pl.Date, "n": pl.String}
    frame = pl.DataFrame([(first, surname, born, nationality)], schema=columns, orient="row")
    return frame.select(concat.build("f", "s", "b", "n")).item()


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{first} {surname}" for _, _, first, surname, _ in EXAMPLES])
def test_examples_of_the_guidelines(example):
    nationality, born, first, surname, expected = example
    assert build(first, surname, born, nationality) == expected


@pytest.mark.parametrize(("why", "first", "surname", "expected"), OURS, ids=[why for why, *_ in OURS])
def test_names_of_other_kinds(why, first, surname, expected):
    assert build(first, surname) == "DE19800101" + expected


@pytest.mark.parametrize("prefix", concat.PREFIXES)
def test_every_prefix_goes(prefix):
    surname = f"{prefix.title()}Xylander" if prefix.endswith("'") else f"{prefix.title()} Xylander"
    assert build("Ada", surname).endswith("XYLAN")


@pytest.mark.parametrize("title", concat.TITLES)
def test_every_title_goes(title):
    assert build(f"{title.title()} Xylon", "Yttrium") == "DE19800101XYLONYTTRI"
    assert build(f"{title}. Xylon", "Yttrium") == "DE19800101XYLONYTTRI"


def test_every_letter_of_the_table_is_its_letter():
    for letter, marks in latin.TRANSLITERATION.items():
        names = pl.DataFrame({"name": list(marks)}).select(latin.capitals_only(pl.col("name"))).to_series()
        assert names.to_list() == [letter] * len(marks)


@pytest.mark.parametrize("name", UNWRITABLE)
def test_a_name_that_cannot_be_written_gives_null(name):
    assert build(name, "Smith") is None
    assert build("John", name) is None


def test_a_missing_fact_gives_null():
    assert build(None, "Smith") is None
    assert build("John", None) is None
    assert build("John", "Smith", born=None) is None
    assert build("John", "Smith", nationality=None) is None


def test_well_formed_and_valid(ask, spoilt):
    good = "IE19800113JOHN#OBRIA"
    assert ask(concat.is_valid, [good, None]) == [True, None]
    ways = spoilt(good)
    verdicts = dict(zip(ways, ask(concat.is_valid, ways.values()), strict=True))
    assert not any(verdicts.values()), verdicts


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("filler before letters", "IE19800113#JOHNOBRIA"),
        ("filler among letters", "IE19800113JO#N#OBRIA"),
        ("no first name", "IE19800113#####OBRIA"),
        ("digit in a name", "IE19800113J0HN#OBRIA"),
        ("no such day", "IE19800230JOHN#OBRIA"),
        ("no such month", "IE19801301JOHN#OBRIA"),
        ("no such country", "XY19800113JOHN#OBRIA"),
        ("no country", "19800113JOHN#OBRIA"),
        ("day before month", "IE13011980JOHN#OBRIA"),
    ],
)
def test_invalid(ask, why, code):
    assert ask(concat.is_valid, [code]) == [False]


def test_birth_date_agrees_or_not():
    frame = pl.DataFrame(
        {"id": ["IE19800113JOHN#OBRIA"] * 2 + [None], "born": [date(1980, 1, 13), date(1980, 1, 31), date(1980, 1, 13)]}
    )
    assert frame.select(concat.born_on("id", "born")).to_series().to_list() == [True, False, None]
    assert frame.select(concat.birth_date("id")).to_series().to_list() == [date(1980, 1, 13)] * 2 + [None]


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.dates(date(1900, 1, 1), date(2026, 1, 1)))
def test_what_is_built_is_valid_or_null(first, surname, born):
    built = build(first, surname, born)
    if built is not None:
        assert pl.DataFrame({"id": [built]}).select(concat.is_valid("id")).item() is True


@pytest.mark.shared
def test_scenarios_of_the_guidelines(shared_dir: Path):
    """Every CONCAT row of the list of scenarios, facts in and identifier out."""
    facts = shared_dir / "facts" / "scenarios.csv"
    if not facts.is_file():
        pytest.skip(f"no list of scenarios at {facts}")
    with facts.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["expected_fields"].startswith("CONCAT=")]
    assert rows
    for row in rows:
        given_facts = dict(re.findall(r"(\w+)=([^;]+)", row["facts"]))
        born = date.fromisoformat(given_facts["dob"].strip())
        built = build(given_facts["first"], given_facts["surname"], born, given_facts["nationality"])
        assert f"CONCAT={built}" == row["expected_fields"], row["id"]
