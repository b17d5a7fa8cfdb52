"""What the field layer claims, what it refuses, and what it calls the places of a message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import regreport
from regreport.engine.fields import load_layer
from regreport.errors import BadInput, ConfigurationError
from regreport.messages import load

MESSAGE = load("auth.016.001.01")
FOLDER = Path(regreport.__path__[0]) / "regimes" / "mifir"
LAYER = load_layer(FOLDER / "fields.csv", FOLDER / "paths.csv", MESSAGE)


def test_nothing_of_the_message_is_unclaimed() -> None:
    assert LAYER.unclaimed() == []


@pytest.mark.parametrize(
    ("dropped", "unclaimed"),
    [
        ("New/Tx/NetAmt", "New/Tx/NetAmt"),
        ("New/Tx/Qty/NmnlVal/@Ccy", "New/Tx/Qty/NmnlVal/@Ccy"),
        ("New/Buyr/AcctOwnr[]/Id/Prsn/Othr/SchmeNm/Cd", "New/Buyr/AcctOwnr[]/Id/Prsn/Othr/SchmeNm/Cd"),
        (
            "New/FinInstrm/Othr/DerivInstrmAttrbts/UndrlygInstrm/Swp/",
            "New/FinInstrm/Othr/DerivInstrmAttrbts/UndrlygInstrm/Swp/",
        ),
    ],
)
def test_a_row_that_is_missing_leaves_its_place_unclaimed(dropped: str, unclaimed: str) -> None:
    rows = tuple(r for r in LAYER.paths if r.path != dropped)
    assert replace(LAYER, paths=rows).unclaimed() == [unclaimed]


def test_a_constant_that_is_missing_leaves_its_leaf_unclaimed() -> None:
    rows = tuple(r for r in LAYER.paths if r.constant != "CCPT" or not r.path.startswith("New/ExctgPrsn"))
    assert replace(LAYER, paths=rows).unclaimed() == ["New/ExctgPrsn/Prsn/Othr/SchmeNm/Cd"]


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"New/TxId": "A", "New/Nonsense": "x"}, "New/Nonsense"),
        ({"New/TxId": "A", "New/Buyr/": True}, "New/Buyr/"),
        ({"New/Buyr/AcctOwnr": [{"Id/LEI": "L", "Id/": True}]}, "New/Buyr/AcctOwnr[]/Id/"),
    ],
)
def test_a_leaf_without_a_field_is_an_error_with_its_path(row: dict[str, Any], path: str) -> None:
    wire = pl.DataFrame([row])
    assert LAYER.unclaimed_in(wire) == [path]
    with pytest.raises(BadInput, match="no field") as caught:
        LAYER.to_fields(wire)
    assert caught.value.field == path
    assert LAYER.to_fields(wire, lossy=True).height == 1


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"New/Tx/Pric/NoPric/Pdg": "ODD"}, "New/Tx/Pric/NoPric/Pdg"),
        ({"New/Tx/Qty/Unit": "1", "New/Tx/Qty/NmnlVal": "2"}, "New/Tx/Qty/NmnlVal"),
        ({"New/Buyr/AcctOwnr": [{"Id/LEI": "L", "Id/MIC": "XSTO"}]}, "New/Buyr/AcctOwnr"),
    ],
)
def test_what_only_an_invalid_record_loses_is_named(row: dict[str, Any], column: str) -> None:
    assert LAYER.unclaimed_in(pl.DataFrame([row])) == [column]


def test_no_rows_and_empty_rows() -> None:
    none = pl.DataFrame(schema={"New/TxId": pl.String, "New/Swp/": pl.Boolean})
    assert LAYER.to_fields(none).equals(pl.DataFrame(schema=LAYER.schema))
    assert LAYER.to_wire(pl.DataFrame(schema=LAYER.schema)).height == 0
    assert LAYER.to_fields(pl.DataFrame(height=3)).height == 3
    assert LAYER.to_wire(pl.DataFrame(height=3)).height == 3


def test_complete_adds_what_is_absent_and_refuses_what_is_no_field() -> None:
    part = pl.DataFrame({"isin": ["X"], "buyer": [[{"id": "L"}]], "waiver": [[]], "@fact": ["y"]}, strict=False)
    whole = LAYER.complete(part)
    assert whole.schema == LAYER.schema
    assert whole["buyer"][0][0]["id"] == "L"
    assert whole["waiver"][0] is None
    for frame, where in (
        (pl.DataFrame({"isinn": ["X"]}), "isinn"),
        (pl.DataFrame({"quantity": [1.5]}), "quantity"),
        (pl.DataFrame({"buyer": [[{"idd": "L"}]]}), "buyer.idd"),
        (pl.DataFrame({"waiver": ["OILQ"]}), "waiver"),
    ):
        with pytest.raises(BadInput) as caught:
            LAYER.complete(frame)
        assert caught.value.field == where


def test_names_say_which_field_stands_where() -> None:
    found = {path: (n.number, n.name) for path, n in LAYER.names.items()}
    assert found["New/Buyr/AcctOwnr/Id/LEI"] == ("7", "Buyer identification code")
    assert found["New/Tx/Qty/NmnlVal/@Ccy"] == ("31", "Quantity currency")
    assert found["New/Buyr/AcctOwnr/Id/Prsn/FrstNm"] == ("9", "Buyer - first name(s)")
    assert found["New/ExctgPrsn/Clnt"] == ("59", "Execution within firm")
    assert found["New/Tx/Qty"] == ("30", "Quantity")
    assert "New/Tx" not in found
    leaves = set(MESSAGE.leaves)
    assert leaves <= found.keys()


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        ("1,,New/=,status=NEWT\n1,nothing,New/TxId,\n", "which fields.csv does not have"),
        ("1,,New/=,status=NEWT\n1,status,New/Nonsense,\n", "has no path"),
        ("1,,New/=,status\n", "is no condition"),
        ("1,,New/TxId,status=NEWT\n", "either a column or a constant"),
    ],
)
def test_rows_that_do_not_agree_are_refused(tmp_path: Path, paths: str, problem: str) -> None:
    (tmp_path / "fields.csv").write_text("number,name,column,type,presence,source\n1,Status,status,code,M,x\n")
    (tmp_path / "paths.csv").write_text("field,column,path,when\n" + paths)
    with pytest.raises(ConfigurationError, match=problem):
        load_layer(tmp_path / "fields.csv", tmp_path / "paths.csv", MESSAGE)
