"""Every planted defect goes where PLANTED says, through the real sources, decisions, mapping, rules and authority.

And nothing else does: an ordinary record of the day is reportable, without an error, and accepted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from regreport.demo.day import day, write_day
from regreport.demo.fields import field_table
from regreport.demo.group import HOUSES, House
from regreport.demo.market import reference_frames
from regreport.demo.planted import PLANTED
from regreport.eligibility import decide
from regreport.engine.render import render
from regreport.engine.rule import run_rules
from regreport.messages import load
from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, ReportContext
from regreport.regimes.mifir.eligibility import DECISIONS, facts
from regreport.regimes.mifir.enrich import enrich
from regreport.regimes.mifir.layout import head
from regreport.regimes.mifir.mapping import layer, to_fields
from regreport.regimes.mifir.rules import RULES
from regreport.settings import load_settings
from regreport.simulator import simulate
from regreport.sources.land import Landed, land
from regreport.sources.mapping import load_mapping
from regreport.sources.read import read_source
from regreport.versions import stand

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)
FATE = ["reference", "becomes", "rule"]


def _context(house: House) -> ReportContext:
    return ReportContext(
        Cell("EU", "TRANSACTION", "mifir"),
        EntityFacts(house.lei, house.name, house.country, {"kind": house.kind, "investment_firm": "true"}),
        DestinationFacts(house.destination, house.code, house.country, ""),
        date(2026, 11, 23),
        AT,
        reference_frames(),
        {"otc_scope": "L1_2024"},
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_day(folder)
    return folder


@pytest.fixture(scope="module")
def landed(workspace: Path) -> Landed:
    mapping = load_mapping(workspace / "mapping.toml")
    rows = read_source(str(workspace / "trades.csv"), mapping.layout)
    return land(rows, mapping, entities=[h.lei for h in HOUSES], loaded_at=AT)


def _fates(rows: pl.DataFrame, context: ReportContext) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(FATE of every row that is not sent and of every warning, the field table of what is sent)."""
    standing = stand(rows.lazy(), lambda: [rows])
    replaced = standing.filter(pl.col("standing") != "LIVE").select(
        reference="transaction_id",
        becomes=pl.col("standing").replace({"CONFLICT": "held", "DUPLICATE": "duplicate"}),
        rule="standing",
    )
    live = rows.filter(standing["standing"] == "LIVE")
    faulty = live.filter(pl.col("source_faults").list.len() > 0)
    column = pl.col("source_faults").list.first().struct.field("column")
    unread = faulty.select(
        reference="transaction_id", becomes=pl.lit("held"), rule=pl.concat_str(pl.lit("SRC-"), column)
    )
    read = live.filter(~pl.col("transaction_id").is_in(faulty["transaction_id"].implode()))
    decided = decide(facts(read, context), DECISIONS, context)
    out = decided.filter(pl.col("decision") != "REPORTABLE").select(
        reference="transaction_id",
        becomes=pl.col("decision").replace({"NOT_REPORTABLE": "not_reportable", "UNDECIDED": "held"}),
        rule="rule",
    )
    mapped = to_fields(read.filter(decided["decision"] == "REPORTABLE"), context)
    assert mapped.faults.is_empty()
    found = run_rules(RULES, enrich(mapped.fields, context), reference="transaction_reference")
    seen = found.filter(pl.col("severity") != "not_checked").select(
        "reference", becomes=pl.col("severity").replace({"error": "held"}), rule="rule"
    )
    errors = seen.filter(becomes="held")["reference"]
    sent = mapped.fields.filter(~pl.col("transaction_reference").is_in(errors.implode()))
    return pl.concat([replaced, unread, out, seen]), sent


def _answers(workspace: Path, house: House, sent: pl.DataFrame) -> pl.DataFrame:
    """FATE of the records that the simulated authority does not simply accept."""
    context, message = _context(house), load("auth.016.001.01")
    stem = f"{house.code}_DATTRA_{house.country}_000001-0-000000_26"
    outbox = workspace / "outbox" / house.destination
    outbox.mkdir(parents=True)
    pieces = render(message, head(context, stem), layer().to_wire(sent))
    (outbox / f"{stem}.xml").write_bytes(b"".join(bytes(piece) for piece in pieces))
    settings, _ = load_settings(workspace)
    (answered,) = simulate(workspace, settings, house.destination, "accept", AT)
    assert sum(answered.counts.values()) == sent.height
    told: list[tuple[str, str, str]] = []
    from regreport.engine.parse import read_all

    _, advice, _ = read_all(load("auth.031.001.01"), workspace / "inbox" / house.destination / answered.answers[0])
    records: list[dict[str, Any]] = advice["RcrdSts"][0].to_list() if "RcrdSts" in advice.columns else []
    words = {"RJCT": "rejected", "PDNG": "pending"}
    for record in records:
        reference = record["OrgnlRcrdId"].removeprefix(house.lei)
        told += [(reference, words[record["Sts"]], rule["Id"]) for rule in record["VldtnRule"]]
    return pl.DataFrame(told, schema=FATE, orient="row")


@pytest.fixture(scope="module")
def fates(workspace: Path, landed: Landed) -> pl.DataFrame:
    """What becomes of the day: FATE, one row a record and reason."""
    told = []
    for house in HOUSES:
        (batch,) = [b for b in landed.batches if b.entity == house.lei]
        rows = batch.table("B").with_columns(batch_number=pl.lit(1))
        ours, sent = _fates(rows, _context(house))
        told += [ours, _answers(workspace, house, sent)]
    return pl.concat(told)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda p: p.key)
def test_a_planted_defect_becomes_what_the_table_says(fates: pl.DataFrame, planted: Any) -> None:
    references = day()[1][planted.key]
    rows = fates.filter(pl.col("reference").is_in(references), becomes=planted.becomes, rule=planted.rule)
    assert rows.height == planted.records, fates.filter(pl.col("reference").is_in(references))
    others = fates.filter(pl.col("reference").is_in(references), pl.col("becomes") != planted.becomes)
    assert set(others["becomes"]) <= {"warning"}


def test_nothing_else_is_odd(fates: pl.DataFrame) -> None:
    odd = [reference for references in day()[1].values() for reference in references]
    rest = fates.filter(~pl.col("reference").is_in(odd), pl.col("becomes") != "warning")
    assert rest.is_empty()


def test_five_different_reasons_not_to_report() -> None:
    assert len({p.rule for p in PLANTED if p.becomes == "not_reportable"}) == 5


def test_the_mapping_makes_the_fields_that_were_written_down(landed: Landed) -> None:
    """The regime's own mapping and the demo's second one agree on every field of every ordinary record."""
    tickets, planted = day()
    odd = {reference for references in planted.values() for reference in references}
    for house in HOUSES:
        (batch,) = [b for b in landed.batches if b.entity == house.lei]
        rows = batch.table("B").filter(~pl.col("transaction_id").is_in(list(odd)))
        mine = {t["transaction_id"]: t for t in tickets}
        expected = field_table([mine[reference] for reference in rows["transaction_id"]], layer())
        made = to_fields(rows, _context(house)).fields
        wrong = [c for c in expected.columns if not made[c].equals(expected[c], null_equal=True)]
        assert wrong == []
        assert made.height > 300
