"""The benchmark's table: complete, valid in structure, every record its own, the same on every run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import as_file, files

import polars as pl
import pytest

from regreport.demo.bench import bench_table, reference_frames
from regreport.demo.group import HOUSES
from regreport.engine.check import check
from regreport.engine.fields import FieldLayer, load_layer
from regreport.engine.rule import run_rules
from regreport.messages import load
from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, ReportContext, find_regime

RECORDS = 6000


@pytest.fixture(scope="module")
def layer() -> FieldLayer:
    with as_file(files("regreport").joinpath("regimes/mifir")) as folder:
        return load_layer(folder / "fields.csv", folder / "paths.csv", load("auth.016.001.01"))


@pytest.fixture(scope="module")
def table(layer: FieldLayer) -> pl.DataFrame:
    return bench_table(RECORDS, layer=layer)


def test_complete_and_each_record_its_own(table: pl.DataFrame, layer: FieldLayer) -> None:
    assert table.schema == layer.schema
    assert table.height == RECORDS
    assert table["transaction_reference"].n_unique() == RECORDS
    assert table["venue_transaction_id"].drop_nulls().is_unique().all()


def test_the_same_on_every_run(table: pl.DataFrame, layer: FieldLayer) -> None:
    assert bench_table(RECORDS, layer=layer).equals(table)
    assert not bench_table(RECORDS, seed=7, layer=layer).equals(table)


def test_valid_in_structure(table: pl.DataFrame, layer: FieldLayer) -> None:
    message = load("auth.016.001.01")
    assert layer.unplaced(table).is_empty()
    assert check(message, layer.to_wire(table), names=layer.names).is_empty()
    broken = table.with_columns(venue=pl.lit("TOOLONG"))
    assert check(message, layer.to_wire(broken), names=layer.names).height == RECORDS


def test_net_amount_is_nominal_times_price_with_interest(table: pl.DataFrame) -> None:
    bonds = table.filter(pl.col("net_amount").is_not_null()).select("quantity", "price", "net_amount")
    assert bonds.height > 100
    for quantity, price, net in bonds.rows():
        assert Decimal(net) == Decimal(quantity) * (Decimal(price) + Decimal("0.875")) / 100


def test_what_it_refers_to_is_in_the_reference_data(table: pl.DataFrame) -> None:
    frames = reference_frames()
    assert set(table["isin"].drop_nulls()) <= set(frames["instruments"]["isin"])
    assert set(table["venue"]) <= set(frames["mics"]["mic"])
    leis = table["buyer"].explode().struct.unnest().filter(id_type="LEI")["id"]
    assert set(leis) <= set(frames["leis"]["lei"])


def test_no_finding_of_an_error_against_its_reference_data() -> None:
    table = bench_table(RECORDS)
    for house in HOUSES:
        context = ReportContext(
            Cell("EU", "TRANSACTION", "mifir"),
            EntityFacts(house.lei, house.name, house.country, {"kind": house.kind}),
            DestinationFacts("authority", house.code, house.country, ""),
            date(2026, 11, 23),
            datetime(2026, 11, 24, 6, tzinfo=UTC),
            reference_frames(),
        )
        regime = find_regime("EU", "TRANSACTION", "mifir")
        mine = regime.enrich(table.filter(executing_entity=house.lei), context)
        found = run_rules(regime.rules, mine, reference=regime.reference)
        assert found.filter(severity="error").is_empty()
        wrong = mine.with_columns(branch_membership_country=pl.lit(None, dtype=pl.String))
        control = run_rules(regime.rules, wrong, reference=regime.reference)
        assert "CON-370" in set(control.filter(severity="error")["rule"])


@pytest.mark.parametrize("records", [0, 1, 1999])
def test_any_size(layer: FieldLayer, records: int) -> None:
    assert bench_table(records, layer=layer).height == records
