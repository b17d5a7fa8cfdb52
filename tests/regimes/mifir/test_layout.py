"""File names, headers and what is wrong with a file as a whole."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from regreport.engine.parse import read_all
from regreport.engine.render import render
from regreport.errors import ConfigurationError
from regreport.messages import load
from regreport.model.obligation import Cell
from regreport.regime import DestinationFacts, EntityFacts, FileSeen, ReportContext, find_regime
from regreport.regimes.mifir.layout import FEEDBACK_MESSAGE, HEADER, MESSAGE, file_name, file_rules, head

CONTEXT = ReportContext(
    cell=Cell("EU", "TRANSACTION", "mifir"),
    entity=EntityFacts("TESTFIRMAAAAAAAAAA61", "Test", "SE", {"kind": "FIRM"}),
    destination=DestinationFacts("nca", "YY", "XX", ""),
    report_date=date(2026, 11, 23),
    created_at=datetime(2026, 11, 24, 7, 30, tzinfo=UTC),
    reference_data={},
)


def about(name: str, header: pl.DataFrame, content: bytes = b"<?xml version='1.0'?><x/>") -> pl.DataFrame:
    """Findings about one file with this header and these bytes."""
    return file_rules([(CONTEXT, FileSeen(name, header, 1, len(content), 0, lambda: io.BytesIO(content)))])


def to(**destination: Any) -> ReportContext:
    return replace(CONTEXT, destination=replace(CONTEXT.destination, **destination))


def test_the_default_name_is_that_of_the_sample() -> None:
    assert file_name(CONTEXT, 1, 0) == ("YY_DATTRA_XX_000001-0-000000_26.xml", "YY_DATTRA_XX_000001-0-000000_26")


def test_a_destination_has_its_own_template() -> None:
    context = to(file_name="A26_{entity}_{date}{sequence:03d}.gz")
    with pytest.raises(ConfigurationError, match="characters"):
        file_name(context, 7, 6)
    short = to(file_name="R{date}{sequence:03d}.xml")
    assert file_name(short, 7, 6) == ("R20261123007.xml", "R20261123007")


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{sender}_{nonsense}.xml", "cannot be filled in"),
        ("{sender:06d}.xml", "cannot be filled in"),
        ("../{sequence}.xml", "gives"),
        ("{sender}/{sequence}.xml", "gives"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(template: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        file_name(to(file_name=template), 1, 0)


@pytest.mark.parametrize("missing", ["sender", "recipient"])
def test_a_header_needs_both_parties(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        head(to(**{missing: ""}), "X")


def test_a_creation_time_without_zone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="time zone"):
        head(replace(CONTEXT, created_at=datetime(2026, 11, 24)), "X")  # noqa: DTZ001 -- the point of the test


@pytest.mark.shared
def test_the_header_is_that_of_the_sample(shared_dir: Path) -> None:
    message = load(MESSAGE)
    sample = shared_dir / "samples" / "mifir" / "YY_DATTRA_XX_000001-0-000000_26.xml"
    theirs, records, _ = read_all(message, sample)
    context = to(sender="TESTARMDDDDDDDDDDD38", recipient="XX")
    ours = head(context, "YY_DATTRA_XX_000001-0-000000_26")
    content = b"".join(bytes(piece) for piece in render(message, ours, records))
    again, _, faults = read_all(message, io.BytesIO(content))
    assert faults.is_empty()
    assert again.equals(theirs)


def test_a_file_that_is_right_has_no_findings() -> None:
    name, identifier = file_name(CONTEXT, 1, 0)
    assert about(name, head(CONTEXT, identifier)).is_empty()


def test_what_is_wrong_with_a_file_is_found() -> None:
    found = about("YY_DATTRA_XX_000002-0-000001_26.xml", head(CONTEXT, "OTHER"))
    assert found["rule"].to_list() == ["R22-file-02"]
    assert found["record"].to_list() == [1]
    foreign = head(CONTEXT, "X").with_columns(**{f"{HEADER}/MsgDefIdr": pl.lit("auth.016.001.03")})
    assert "R22-file-01" in about("X.xml", foreign)["rule"].to_list()
    marked = about("X.xml", head(CONTEXT, "X"), b"\xef\xbb\xbf<x/>")
    assert marked["rule"].to_list() == ["R22-file-06"]


def test_the_regime_says_what_it_is() -> None:
    for jurisdiction in ("EU", "UK"):
        regime = find_regime(jurisdiction, "TRANSACTION", "mifir")
        assert (regime.message, regime.feedback_message) == (MESSAGE, FEEDBACK_MESSAGE)
        assert regime.due.business_days == 1
        assert regime.holds_persons
    assert regime.layer.unclaimed() == []
    assert set(regime.record_id_columns) <= set(regime.layer.schema)
