"""Reference data: our layout and the official ones come to the same snapshot; a faulty row refuses the file."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.unit.sources.made import ENTITY, write

from regreport.errors import BadInput, ConfigurationError
from regreport.sources.reference import DATASETS, load_reference

MICS = "mic,operating_mic,kind,category,country,name,status,valid_from,valid_to\n"
OFFICIAL_MICS = (
    '"MIC","OPERATING MIC","OPRT/SGMT","MARKET NAME-INSTITUTION DESCRIPTION","LEGAL ENTITY NAME","LEI",'
    '"MARKET CATEGORY CODE","ACRONYM","ISO COUNTRY CODE (ISO 3166)","CITY","WEBSITE","STATUS","CREATION DATE",'
    '"LAST UPDATE DATE","LAST VALIDATION DATE","EXPIRY DATE","COMMENTS"\n'
    '"XSTO","XSTO","OPRT","NASDAQ STOCKHOLM","","","RMKT","","SE","STOCKHOLM","","UPDATED","20050523","","","",""\n'
    '"XOLD","XSTO","SGMT","OLD MARKET","","","MLTF","","SE","STOCKHOLM","","EXPIRED","20050523","","","20200101",""\n'
)
INSTRUMENTS = (
    "isin,full_name,cfi,notional_currency,venue,admission_request_date,first_trade_date,termination_date,"
    "underlying_isins,underlying_index,list\n"
)
LEIS = "lei,legal_name,country,entity_status,registration_status,category,registered_on,ended_on\n"
GOLDEN = (
    "LEI,Entity.LegalName,Entity.LegalAddress.Country,Entity.EntityCategory,Entity.EntityStatus,"
    "Registration.InitialRegistrationDate,Registration.RegistrationStatus\n"
    f"{ENTITY},Firm AB,SE,GENERAL,ACTIVE,2012-11-29T16:33:00.000Z,ISSUED\n"
)


def test_official_mics_are_our_mics(tmp_path: Path) -> None:
    ours = MICS + (
        "XSTO,XSTO,OPRT,RMKT,SE,NASDAQ STOCKHOLM,ACTIVE,2005-05-23,\n"
        "XOLD,XSTO,SGMT,MLTF,SE,OLD MARKET,EXPIRED,2005-05-23,2020-01-01\n"
    )
    official = load_reference("mics", write(tmp_path, OFFICIAL_MICS))
    assert official.equals(load_reference("mics", write(tmp_path, ours)))
    assert official["mic"].to_list() == ["XOLD", "XSTO"]


def test_the_golden_copy_is_our_leis(tmp_path: Path) -> None:
    ours = LEIS + f"{ENTITY},Firm AB,SE,ACTIVE,ISSUED,GENERAL,2012-11-29,\n"
    golden = load_reference("leis", write(tmp_path, GOLDEN))
    assert golden.equals(load_reference("leis", write(tmp_path, ours)))


def test_instruments(tmp_path: Path) -> None:
    text = INSTRUMENTS + (
        "SE0000108656,Ericsson B,ESVUFR,SEK,XSTO,2018-01-03,2018-01-03,,,,EU\n"
        "SE0000108656,Ericsson B,ESVUFR,SEK,AQSE,2018-01-03,2018-01-03,,,,EU\n"
        "DE000DEMO015,Basket,OPXXXX,EUR,XETR,,,,SE0000108656|DE0007164600,,EU\n"
    )
    table = load_reference("instruments", write(tmp_path, text))
    assert table["underlying_isins"].to_list() == [["SE0000108656", "DE0007164600"], None, None]
    assert table.schema == {
        name: pl.List(pl.String) if name == "underlying_isins" else pl.String
        for name in DATASETS["instruments"].columns
    }


ROW = "SE0000108656,E,ESVUFR,SEK,XSTO,2018-01-03,,,,,EU\n"


@pytest.mark.parametrize(
    ("dataset", "text", "words", "record"),
    [
        ("instruments", INSTRUMENTS.replace("venue,", "") + "\n", "no column venue", None),
        ("leis", GOLDEN.replace("LEI,", "LEI_,"), "no column lei, ", None),
        ("leis", GOLDEN.replace("Entity.EntityStatus", "Status"), "no column Entity.EntityStatus", None),
        ("instruments", INSTRUMENTS + ROW + ROW, "the key stands twice", 2),
        ("instruments", INSTRUMENTS + ROW.replace("XSTO", ""), "field 'venue': empty", 1),
        ("instruments", INSTRUMENTS + ROW.replace("2018-01-03", "2018-02-30"), "'2018-02-30': not a date", 1),
        ("instruments", INSTRUMENTS + ROW + ROW.replace("SE0000108656", "se0000108656"), "not of the form", 2),
        ("instruments", INSTRUMENTS + ROW.replace("EU", "US"), "not of the form EU|UK", 1),
        ("mics", MICS + "XSTO,XSTO,MAIN,RMKT,SE,N,ACTIVE,,\n", "not of the form OPRT|SGMT", 1),
        ("mics", MICS + "XSTO,XSTO,OPRT,RMKT,SE,N,DEAD,,\n", "not of the form ACTIVE|EXPIRED", 1),
    ],
)
def test_refused(dataset: str, text: str, words: str, record: int | None, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as raised:
        load_reference(dataset, write(tmp_path, text))
    assert words in str(raised.value)
    assert raised.value.record == record


def test_an_unknown_dataset(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="instruments, leis, mics"):
        load_reference("prices", tmp_path / "x.csv")


def test_every_layout_has_the_columns_that_must_be_filled() -> None:
    for dataset in DATASETS.values():
        assert {*dataset.forms, *dataset.dates, *dataset.lists, *dataset.key} <= set(dataset.columns)
        assert set(dataset.key) <= set(dataset.forms)
        if dataset.official:
            assert set(dataset.forms) <= set(dataset.official.values()) <= set(dataset.columns)
