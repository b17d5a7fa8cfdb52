"""The demo's made-up identifiers pass the checks of an outside library, and fail them when a digit is changed."""

from __future__ import annotations

from datetime import date
from importlib import import_module

import polars as pl
import pytest

from regreport.codelists import concat as codelist
from regreport.demo.group import HOUSES, companies, people
from regreport.demo.identifiers import concat, isin, lei, person
from regreport.demo.market import shelf

stdnum_isin = import_module("stdnum.isin")
stdnum_lei = import_module("stdnum.lei")
NATIONAL = {
    "BE": "stdnum.be.nn",
    "DK": "stdnum.dk.cpr",
    "EE": "stdnum.ee.ik",
    "ES": "stdnum.es.dni",
    "FI": "stdnum.fi.hetu",
    "IT": "stdnum.it.codicefiscale",
    "LT": "stdnum.lt.asmens",
    "NO": "stdnum.no.fodselsnummer",
    "PL": "stdnum.pl.pesel",
    "PT": "stdnum.pt.nif",
    "SE": "stdnum.se.personnummer",
}


def test_every_lei_is_valid_and_given_once() -> None:
    leis = [c.lei for c in companies()]
    assert all(stdnum_lei.is_valid(one) for one in leis)
    assert len(set(leis)) == len(leis) > 20


def test_a_changed_lei_is_not_valid() -> None:
    assert not stdnum_lei.is_valid(lei("NORDLICHTBNK").replace("NORDLICHT", "NORDLICTH"))


def test_every_isin_on_the_shelf_is_valid_and_stands_once() -> None:
    isins = [i.isin for i in shelf().values()]
    assert all(stdnum_isin.is_valid(one) for one in isins if not one.startswith("EZ"))
    # The library does not know EZ, the prefix of derivatives between two parties; its check digit it does.
    assert all(stdnum_isin.calc_check_digit(one[:-1]) == one[-1] for one in isins)
    assert len(set(isins)) == len(isins)
    assert not stdnum_isin.is_valid(isin("DE", 1)[:-1] + str((int(isin("DE", 1)[-1]) + 1) % 10))


def test_underlyings_are_on_the_shelf() -> None:
    known = {i.isin for i in shelf().values()}
    assert all(set(i.underlyings) <= known for i in shelf().values())
    assert any(i.underlyings for i in shelf().values())


@pytest.mark.parametrize("country", sorted(NATIONAL))
def test_national_identifiers_hold_their_check_digits(country: str) -> None:
    oracle = import_module(NATIONAL[country])
    for year in range(1941, 2006):
        made = person(country, "Bruno", "Santangelo", date(year, 1 + year % 12, 1 + year % 28), year * 7)
        if country == "NO" and year >= 2000:
            continue
        assert oracle.is_valid(made.id[2:]), made
        assert made.id.startswith(country)
        assert made.id_type == "NIDN"


def test_people_of_many_nations_and_all_three_kinds() -> None:
    assert len({p.nationality for p in people()}) >= 20
    assert {p.id_type for p in people()} == {"NIDN", "CCPT", "CONCAT"}
    assert len({p.id for p in people()}) == len(people())
    assert all(t.id for h in HOUSES for t in h.traders)


def test_concat_pads_and_cuts() -> None:
    assert concat("Éloïse", "Lefèvre", date(1983, 11, 25)) == "19831125ELOISLEFEV"
    assert concat("Henrike", "von Ahlefeld", date(1975, 10, 5)) == "19751005HENRIAHLEF"
    assert concat("Eli", "Ødegård", date(1976, 3, 15)) == "19760315ELI##ODEGA"


def test_concat_agrees_with_the_code_list() -> None:
    frame = pl.DataFrame(
        [(p.first_names, p.surnames, p.birth_date, p.nationality, p.id) for p in people() if p.id_type == "CONCAT"],
        schema=["first", "last", "born", "of", "id"],
        orient="row",
    )
    built = frame.select(codelist.build("first", "last", "born", "of")).to_series()
    assert built.to_list() == frame["id"].to_list()
    assert len(frame) >= 8
