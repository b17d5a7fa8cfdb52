"""An authority's extract against the books: four buckets, differing values, and a range that is stated."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import DAY, Shell

LATER = "2026-11-27T09:00:00Z"
HOUSE = "DEMO00NORDLICHTBNK11"
Row = dict[str, Any]


class Authority:
    """What the authority of one house holds, as it could give it to us: what it accepted of our file."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        (sent,) = (shell.workspace / "outbox" / "authority-de").glob("*.xml")
        shell("parse", sent, "-o", "theirs.ndjson", "--fields")
        rows = [json.loads(line) for line in (shell.workspace / "theirs.ndjson").read_text().splitlines()]
        refused = {r["transaction_id"] for r in self._records("rejected")}
        self.rows: list[Row] = [r for r in rows if r["transaction_reference"] not in refused]

    def _records(self, category: str) -> list[Row]:
        found = self.shell("balance", "--date", DAY, "--records", category, "--json", code=None).json
        return [r for r in found if r["transaction_id"].startswith("NLB")]

    def held(self) -> int:
        return len(self._records("held"))

    def rejected(self) -> int:
        return len(self._records("rejected"))

    def xml(self) -> Path:
        """The extract as auth.016."""
        table = self.shell.workspace / "extract.ndjson"
        table.write_text("".join(json.dumps(r) + "\n" for r in self.rows))
        cell = ("--jurisdiction", "EU", "--report-type", "TRANSACTION")
        self.shell("render", table, "-o", "extract.xml", "--fields", *cell)
        return self.shell.workspace / "extract.xml"

    def csv(self, columns: dict[str, str], delimiter: str = ",") -> Path:
        """The extract as CSV: name in the header -> our column."""
        path = self.shell.workspace / "extract.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow(columns)
            writer.writerows([[_cell(r, c) for c in columns.values()] for r in self.rows])
        return path

    def reconcile(self, file: Path, *words: str, code: int = 1) -> dict[str, Any]:
        told = self.shell("reconcile", "--regime", "mifir", file, *words, "--json", at=LATER, code=code)
        assert isinstance(told.json, dict)
        return told.json

    def named(self, reference: str) -> Row:
        return next(r for r in self.rows if r["transaction_reference"] == reference)


def _cell(row: Row, column: str) -> str:
    outer, _, inner = column.partition(".")
    value = row.get(outer)
    if inner:
        return "|".join(member[inner] or "" for member in value or [])
    return "|".join(value) if isinstance(value, list) else value or ""


@pytest.fixture
def authority(confirmed: Shell) -> Authority:
    return Authority(confirmed)


def breaks(told: dict[str, Any], bucket: str) -> dict[str, str]:
    return {b["reference"]: b["status"] for b in told["breaks"] if b["bucket"] == bucket}


def test_the_control_a_true_extract_has_no_break_but_what_we_know(authority: Authority) -> None:
    told = authority.reconcile(authority.xml())
    assert told["counts"] == {
        "aligned": len(authority.rows),
        "differing": 0,
        "only_ours": authority.held() + authority.rejected(),
        "only_theirs": 0,
    }
    assert set(breaks(told, "only_ours").values()) == {"held", "rejected"}


def test_each_kind_of_break(authority: Authority) -> None:
    first, second, third, *_ = authority.rows
    authority.rows.remove(first)
    second["price"], second["venue"] = "1.5", "XOFF"
    stranger = {**third, "transaction_reference": "NOBODY0001"}
    excluded = next(iter(authority._records("not_reportable")))["transaction_id"]
    authority.rows += [stranger, {**third, "transaction_reference": excluded}, dict(third)]
    told = authority.reconcile(authority.xml())
    assert breaks(told, "only_ours")[first["transaction_reference"]] == "accepted"
    theirs = breaks(told, "only_theirs")
    assert theirs["NOBODY0001"] == "unknown"
    assert theirs[excluded] == "not reportable"
    assert theirs[third["transaction_reference"]] == "twice"
    (differing,) = [b for b in told["breaks"] if b["bucket"] == "differing"]
    assert differing["reference"] == second["transaction_reference"]
    assert {f["column"] for f in differing["fields"]} >= {"price", "venue"}
    price = next(f for f in differing["fields"] if f["column"] == "price")
    assert price["theirs"] == "1.5"
    assert price["ours"] != "1.5"
    assert price["source"] == price["ours"]
    assert price["field"] == "33"
    assert differing["age_days"] == 3  # delivered on the 24th


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda r: r | {"quantity": f"0{r['quantity']}.0"}, False),
        (lambda r: r | {"trading_date_time": r["trading_date_time"].replace("Z", "000Z")}, False),
        (lambda r: r | {"quantity": r["quantity"] + "1"}, True),
        (lambda r: r | {"trading_date_time": "2026-11-23T05:00:00.000000Z"}, True),
    ],
)
def test_values_are_compared_not_their_spelling(
    authority: Authority, change: Callable[[Row], Row], differs: bool
) -> None:
    authority.rows[3] = change(authority.rows[3])
    columns = {"2": "transaction_reference", "4": "executing_entity", "30": "quantity", "28": "trading_date_time"}
    told = authority.reconcile(authority.csv(columns))
    assert told["counts"]["differing"] == int(differs)


def test_a_csv_by_number_by_column_or_by_name(authority: Authority) -> None:
    columns = {
        "Transaction reference number": "transaction_reference",
        "executing_entity": "executing_entity",
        "28": "trading_date_time",
        "buyer.id": "buyer.id",
        "33": "price",
        "Remark": "remark",
    }
    told = authority.reconcile(authority.csv(columns, delimiter=";"))
    assert told["counts"]["aligned"] == len(authority.rows)
    assert told["extract"]["columns_ignored"] == ["Remark"]
    assert told["extract"]["fields_compared"] == 5


def test_without_days_or_entity_it_asks(authority: Authority) -> None:
    file = authority.csv({"2": "transaction_reference", "33": "price"})
    told = authority.shell("reconcile", "--regime", "mifir", file, code=2)
    assert "--entity" in told.err
    told = authority.shell("reconcile", "--regime", "mifir", file, "--entity", HOUSE, code=2)
    assert "--from" in told.err
    done = authority.reconcile(file, "--entity", HOUSE, "--from", DAY, "--to", DAY)
    assert done["counts"]["aligned"] == len(authority.rows)


def test_what_it_does_not_cover_is_no_break(authority: Authority) -> None:
    told = authority.reconcile(authority.xml())
    assert told["ranges"] == {HOUSE: {"from": DAY, "to": DAY}}
    assert len(told["not_covered"]) == 2
    assert not any(b["entity"] != HOUSE for b in told["breaks"])
    # Nothing to compare is nothing broken: exit 0.
    nothing = authority.reconcile(authority.xml(), "--from", "2026-11-20", "--to", "2026-11-20", code=0)
    assert nothing["extract"]["left_out"] == len(authority.rows)


def test_persons_are_masked_unless_asked_for(authority: Authority) -> None:
    person = next(r for r in authority.rows for b in r["buyer"] or [] if b["surnames"])
    person["buyer"][0]["surnames"] = "CANARYSURNAME"
    file = authority.xml()
    for words in ((), ("--json",)):
        told = authority.shell("reconcile", "--regime", "mifir", file, *words, at=LATER, code=1)
        assert "CANARYSURNAME" not in told.out
        assert "(person, 13 characters)" in told.out
    shown = authority.shell(
        "reconcile", "--regime", "mifir", file, "--reveal", "a call with them", "--json", at=LATER, code=1
    )
    assert "CANARYSURNAME" in shown.out


def test_it_is_kept_as_evidence(authority: Authority) -> None:
    told = authority.reconcile(authority.xml())
    assert authority.shell("verify", "--json").json["intact"]
    objects = authority.shell.workspace / "store" / "objects"
    for name in ("summary_digest", "breaks_digest", "fields_digest"):
        assert list(objects.rglob(told[name]))
    (stored,) = objects.rglob(told["summary_digest"])
    stored.unlink()
    broken = authority.shell("verify", "--json", code=5).json
    assert any(told["summary_digest"] in fault for fault in broken["faults"])


def test_every_break_goes_to_the_file(authority: Authority) -> None:
    authority.rows[0]["price"] = "9.99"
    told = authority.reconcile(authority.xml(), "-o", "breaks.csv")
    with (authority.shell.workspace / "breaks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {r["bucket"] for r in rows} == {"differing", "only_ours"}
    assert len({(r["reference"], r["field"]) for r in rows}) >= told["counts"]["differing"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", "", "empty"),
        ("none.csv", "a,b\n1,2\n", "no column of the header is a field"),
        ("gap.csv", f"2,4,28\nA,{HOUSE},2026-11-23T10:00:00Z\n,{HOUSE},2026-11-23T10:00:00Z\n", "field 2 is empty"),
        ("twice.csv", f"2,transaction_reference,4\nA,A,{HOUSE}\n", "same field"),
        ("other.xml", "<a/>", "is no message"),
        ("cut.xml", "<Document", ""),
        ("stranger.csv", "2,4,28\nA,5299000J2N45DDNE4Y28,2026-11-23T10:00:00Z\n", "none of our entities"),
    ],
)
def test_a_bad_file_is_one_clear_error(confirmed: Shell, name: str, content: str, words: str) -> None:
    (confirmed.workspace / name).write_text(content)
    before = confirmed("verify", "--json").json["events"]
    told = confirmed("reconcile", "--regime", "mifir", name, code=2)
    assert words in told.err
    assert len(told.err.splitlines()) == 1
    assert confirmed("verify", "--json").json["events"] == before
    assert confirmed("reconcile", "--regime", "nowhere", name, code=2).err.count("mifir")
    shutil.rmtree(confirmed.workspace / ".scratch", ignore_errors=True)
