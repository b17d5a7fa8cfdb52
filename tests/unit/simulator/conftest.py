"""A workspace with one destination, and files that a firm would deliver to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import as_file, files
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from regreport.demo.bench import bench_table
from regreport.demo.group import NORDLICHT
from regreport.demo.market import reference_csv
from regreport.engine.fields import FieldLayer, load_layer
from regreport.engine.parse import read_all
from regreport.engine.render import render
from regreport.messages import load
from regreport.settings import Settings, parse_settings
from regreport.simulator import Behaviour, FileAnswered, simulate
from regreport.simulator.answer import OUR_HEADER

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RECORD = "Document/FinInstrmRptgStsAdvc/StsAdvc"


@pytest.fixture(scope="session")
def layer() -> FieldLayer:
    with as_file(files("regreport").joinpath("regimes/mifir")) as folder:
        return load_layer(folder / "fields.csv", folder / "paths.csv", load("auth.016.001.01"))


@pytest.fixture(scope="session")
def good(layer: FieldLayer) -> pl.DataFrame:
    """Forty good records of one entity, shares on a venue for clients, persons among them."""
    table = bench_table(4000, layer=layer).filter(executing_entity=NORDLICHT.lei, trading_capacity="AOTC")
    on_venue = table.filter(pl.col("venue_transaction_id").is_not_null() & pl.col("isin").is_not_null())
    return on_venue.head(40)


@dataclass
class Desk:
    """Delivers field tables as files and lets the authority answer."""

    workspace: Path
    settings: Settings
    layer: FieldLayer

    def deliver(self, table: pl.DataFrame, number: int = 1, *, name: str = "", message_id: str = "") -> str:
        """Put a file of these records into the outbox and return its name."""
        message = load("auth.016.001.01")
        stem = f"NLB_DATTRA_DE_{number:06d}-0-{number - 1:06d}_26"
        head = message.head(
            {
                OUR_HEADER["sender"]: "NLB",
                OUR_HEADER["recipient"]: "DE",
                OUR_HEADER["message_id"]: message_id or stem,
                OUR_HEADER["definition"]: message.id,
                OUR_HEADER["created"]: "2026-11-23T20:00:00Z",
            }
        )
        content = b"".join(bytes(piece) for piece in render(message, head, self.layer.to_wire(table)))
        return self.put(name or f"{stem}.xml", content)

    def put(self, name: str, content: bytes) -> str:
        """Put any bytes into the outbox."""
        (self.workspace / "outbox/authority-de" / name).write_bytes(content)
        return name

    def ask(self, behaviour: Behaviour | str = Behaviour.ACCEPT, at: datetime = NOON) -> list[FileAnswered]:
        """Let the authority look once."""
        return simulate(self.workspace, self.settings, "authority-de", behaviour, at)

    def answer(self, name: str) -> pl.DataFrame:
        """The advice in an answer file, valid against its message."""
        head, records, faults = read_all(load("auth.031.001.01"), self.inbox / name)
        assert faults.is_empty()
        assert head.height == records.height == 1
        return records

    def listed(self, name: str) -> dict[str, tuple[str, list[str]]]:
        """Record id -> status and rules of the records that an answer lists."""
        records = self.answer(name)
        if "RcrdSts" not in records.columns:
            return {}
        return {
            r["OrgnlRcrdId"]: (r["Sts"], [rule["Id"] for rule in r.get("VldtnRule") or []])
            for r in records["RcrdSts"][0].to_list()
        }

    def reasons(self, name: str) -> list[str]:
        """Rules of the file as a whole."""
        records = self.answer(name)
        return [r["Id"] for r in records["MsgSts/VldtnRule"][0].to_list()] if "MsgSts/VldtnRule" in records else []

    @property
    def inbox(self) -> Path:
        return self.workspace / "inbox/authority-de"

    def reference(self, dataset: str, edit: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Change the authority's reference data."""
        path = self.workspace / f"simulator/reference/{dataset}.csv"
        edit(pl.read_csv(BytesIO(path.read_bytes()), infer_schema=False)).write_csv(path)


@pytest.fixture
def desk(tmp_path: Path, layer: FieldLayer) -> Desk:
    """A fresh workspace whose authority has the firm's own reference data."""
    settings = parse_settings(
        b"""
        [[destinations]]
        name = "authority-de"
        sender = "NLB"
        recipient = "DE"
        file_name = "x"
        zone = "Europe/Berlin"
        calendar = "DE"

        [[destinations]]
        name = "by-mail"
        sender = "NLB"
        recipient = "DE"
        file_name = "x"
        channel = "email"
        zone = "Europe/Berlin"
        calendar = "DE"
        """
    )
    for folder in ("outbox/authority-de", "inbox/authority-de", "simulator/reference"):
        (tmp_path / folder).mkdir(parents=True)
    for dataset, text in reference_csv().items():
        (tmp_path / f"simulator/reference/{dataset}.csv").write_text(text, encoding="utf-8")
    return Desk(tmp_path, settings, layer)
