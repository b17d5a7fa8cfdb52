"""Bad files through `load`: refused whole with one clear line, or landed with the bad values named and held."""

from __future__ import annotations

import shutil
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Shell, everything

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "csv"
CASES: list[dict[str, Any]] = tomllib.loads((CORPUS / "expected.toml").read_text(encoding="utf-8"))["case"]
ENTITY = "5493001KJTIIGC8Y1R12"
LOADED = "2026-11-24T00:00:00Z"
LATER = "2026-11-24T07:30:00Z"
COLUMNS = (
    "transaction_id",
    "entity",
    "timestamp",
    "amount",
    "currency",
    "counterparty",
    "withdrawn",
    "client_id",
    "client_first_names",
    "client_birth_date",
)
DECLARED = {"": "", "zone": 'zone = "Europe/Stockholm"', "fold-later": 'zone = "Europe/Stockholm"\nfold = "later"'}
SETTINGS = """
[[destinations]]
name = "authority"
sender = "YY"
recipient = "XX"
file_name = "{sender}_DATTRA_{recipient}_{sequence:06d}-{version}-{previous:06d}_{year:02d}.xml"
zone = "Europe/Stockholm"
calendar = "SE"

[[entities]]
name = "A firm"
lei = "5493001KJTIIGC8Y1R12"
country = "SE"
facts = { kind = "FIRM", investment_firm = "true" }

[[entities.roles]]
role = "executing"
jurisdiction = "EU"
report_type = "TRANSACTION"
destination = "authority"
valid_from = 2018-01-03
"""


def mapping(declared: str, columns: tuple[str, ...] = COLUMNS) -> str:
    lines = "".join(f'{column} = "{column}"\n' for column in columns)
    return f'kind = "transaction"\n[file]\n{declared}\n[columns]\n{lines}'


@pytest.fixture(scope="session")
def one_firm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of one firm whose file has our own column names, with one record of another day loaded."""
    folder = tmp_path_factory.mktemp("firm") / "workspace"
    (folder / "mappings").mkdir(parents=True)
    (folder / "regreport.toml").write_text(SETTINGS)
    (folder / "mappings" / "own.toml").write_text(mapping(""))
    line = f"0,{ENTITY},2026-11-20T10:15:30Z" + "," * (len(COLUMNS) - 3)
    (folder / "before.csv").write_text(",".join(COLUMNS) + f"\n{line}\n")
    Shell(folder)("load", "before.csv", at=LOADED)
    return folder


@pytest.fixture
def firm(one_firm: Path, tmp_path: Path) -> Shell:
    """A copy of it."""
    shutil.copytree(one_firm, tmp_path / "workspace", symlinks=True)
    return Shell(tmp_path / "workspace")


def file_of(case: dict[str, Any], folder: Path) -> Path:
    if "made" not in case:
        return CORPUS / str(case["file"])
    path = folder / str(case["file"])
    fields = "," * (len(COLUMNS) - 6)
    lines = [f"{n},{ENTITY},2026-11-23T10:15:30Z,,,{'x' * (10 * 1024 * 1024 * (n == 2))}{fields}\n" for n in (1, 2, 3)]
    path.write_text(",".join(COLUMNS) + "\n" + "".join(lines))
    return path


@pytest.mark.parametrize("case", [c for c in CASES if "refused" in c], ids=lambda c: c["file"])
def test_a_refused_file_changes_nothing(one_firm: Path, tmp_path: Path, case: dict[str, Any]) -> None:
    before = everything(one_firm)
    answer = Shell(one_firm)("load", file_of(case, tmp_path), at=LOADED, code=2)
    assert answer.out == ""
    assert answer.err.startswith(f"regreport: {case['file']}")
    assert answer.err.count("\n") == 1
    assert len(answer.err) < 500
    wanted = [*case["refused"], *(f"{what} {case[what]}" for what in ("record", "line") if what in case)]
    assert all(words in answer.err for words in wanted), answer.err
    assert everything(one_firm) == before
    assert [p.name for p in (one_firm / ".scratch").iterdir()] == []


@pytest.mark.parametrize(
    "case", [c for c in CASES if "records" in c], ids=lambda c: f"{c['file']} {c.get('mapping', '')}".strip()
)
def test_a_landed_file_is_accounted_for(firm: Shell, case: dict[str, Any]) -> None:
    (firm.workspace / "mappings" / "own.toml").write_text(mapping(DECLARED[case.get("mapping", "")]))
    nil = ("--date", "2026-11-23", "--entity", ENTITY) if case["records"] == 0 else ()
    day = ("--date", case["on"]) if "on" in case else nil
    loaded = firm("load", CORPUS / case["file"], *day, "--json", at=LOADED).json[0]
    assert loaded["records"] == case["records"]
    days = [b["business_date"] for b in loaded["batches"]]
    for one in days:
        firm("run", "--date", one, at=LATER)
    accounts = [a for a in firm("balance", "--json").json if a["date"] in days]
    assert sum(a["ingested"] for a in accounts) == case["records"]
    assert all(a["residual"] == 0 for a in accounts)
    held = [r for r in firm("balance", "--records", "held", "--json").json if r["rule"]]
    of_values = {f"SRC-{column}" for column in COLUMNS}
    told = [(r["rule"], r["source_line"], r["reason"]) for r in held if r["rule"] in of_values]
    assert sorted((rule, line) for rule, line, _ in told) == sorted(
        (f"SRC-{f['column']}", f["record"]) for f in case.get("faults", [])
    )
    reasons = {(rule, line): reason for rule, line, reason in told}
    for fault in case.get("faults", []):
        reason = reasons[f"SRC-{fault['column']}", fault["record"]]
        assert fault["column"] in reason
        assert fault["says"] in reason


def test_a_value_that_is_not_understood_is_counted_when_it_is_loaded(firm: Shell) -> None:
    told = firm("load", CORPUS / "numbers.csv", at=LOADED).out
    assert "amount: 26 values not understood" in told
    assert "--records held" in told


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("surrogate.ndjson", '{"transaction_id": "\\ud800"}', "record 1"),
        ("half.ndjson", '{"transaction_id": "1"', "record 1"),
        ("list.ndjson", "[1]", "not a JSON object"),
        ("deep.ndjson", "[" * 100_000, "record 1"),
        ("twice.ndjson", '{"amount": "1", "amount": "2"}', "'amount'"),
        ("text.parquet", "PAR1 this is none", "Parquet"),
        ("missing.csv", None, "no such file"),
    ],
)
def test_other_forms_are_refused_too(one_firm: Path, tmp_path: Path, name: str, content: str | None, says: str) -> None:
    before = everything(one_firm)
    if content is not None:
        (tmp_path / name).write_text(content)
    answer = Shell(one_firm)("load", tmp_path / name, at=LOADED, code=2)
    assert name in answer.err
    assert says in answer.err
    assert answer.err.count("\n") == 1
    assert everything(one_firm) == before


def test_binary_floating_point_is_no_money(firm: Shell) -> None:
    import polars as pl

    row = {"transaction_id": ["1"], "entity": [ENTITY], "timestamp": ["2026-11-23T10:15:30Z"], "amount": [0.1]}
    missing = {c: pl.Series([""]) for c in COLUMNS if c not in row}
    pl.DataFrame(row).with_columns(**missing).write_parquet(firm.workspace / "float.parquet")
    assert "not exact" in firm("load", "float.parquet", at=LOADED, code=2).err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[[[", "not TOML"),
        ('kind = "transaction"\ncolour = "red"\n[columns]\n', "unknown key 'colour'"),
        ('kind = "dream"\n[columns]\n', "'dream'"),
        ('kind = "transaction"\n[columns]\ntransaction_id = "transaction_id"\n', "'entity'"),
        (mapping("") + 'colour = "red"\n', "'colour'"),
        (mapping('zone = "Europe/Nowhere"'), "Europe/Nowhere"),
        (mapping('delimiter = "#"'), "delimiter"),
    ],
)
def test_a_bad_mapping_is_an_error_of_configuration(one_firm: Path, tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "bad.toml").write_text(content)
    before = everything(one_firm)
    answer = Shell(one_firm)("load", CORPUS / "bom.csv", "--mapping", tmp_path / "bad.toml", at=LOADED, code=3)
    assert says in answer.err
    assert everything(one_firm) == before


def test_no_mapping_and_two_mappings_are_not_guessed(firm: Shell) -> None:
    mappings = firm.workspace / "mappings"
    (mappings / "second.toml").write_text(mapping(""))
    assert "say which with --mapping" in firm("load", CORPUS / "bom.csv", code=3).err
    for path in mappings.iterdir():
        path.unlink()
    assert "init --from" in firm("load", CORPUS / "bom.csv", code=3).err


def test_what_was_taken_in_before_a_refusal_is_told(firm: Shell) -> None:
    answer = firm("load", CORPUS / "bom.csv", CORPUS / "latin-1.csv", at=LOADED, code=2)
    assert "bom.csv: 1 records" in answer.out
    assert "latin-1.csv" in answer.err
    again = firm("load", CORPUS / "bom.csv", "--json", at=LOADED).json
    assert again[0]["batches"] == []


def test_records_that_wait_for_a_run_are_held_and_never_missing(firm: Shell) -> None:
    firm("load", CORPUS / "bom.csv", at=LOADED)
    accounts = {a["date"]: a for a in firm("balance", "--json").json}
    assert {day: (a["ingested"], a["held"], a["residual"]) for day, a in accounts.items()} == {
        "2026-11-20": (1, 1, 0),
        "2026-11-23": (1, 1, 0),
    }
    reasons = Counter(r["reason"] for r in firm("balance", "--records", "held", "--json").json)
    assert list(reasons.values()) == [2]
    assert "regreport run" in next(iter(reasons))


def test_records_that_came_after_the_run_are_held_too(firm: Shell) -> None:
    firm("run", "--date", "2026-11-20", at=LATER)
    line = f"1,{ENTITY},2026-11-20T11:15:30Z" + "," * (len(COLUMNS) - 3)
    (firm.workspace / "more.csv").write_text(",".join(COLUMNS) + f"\n{line}\n")
    firm("load", "more.csv", at=LATER)
    (account,) = firm("balance", "--json").json
    assert (account["ingested"], account["held"], account["residual"]) == (2, 2, 0)


def test_records_of_a_day_to_come_are_shown(firm: Shell) -> None:
    firm("load", CORPUS / "timestamps.csv", at=LOADED)
    answer = firm("status", at=LATER, code=1)
    assert "NO REPORT for A firm 2027-11-23, a day to come: 1 records" in answer.out


def test_records_that_nobody_will_ever_report_are_shown(firm: Shell) -> None:
    """An entity without a role is allowed; that its records go nowhere is not kept quiet."""
    firm("load", CORPUS / "bom.csv", at=LOADED)
    text = (firm.workspace / "regreport.toml").read_text()
    (firm.workspace / "regreport.toml").write_text(text.replace("2018-01-03", "2030-01-01"))
    answer = firm("status", at=LATER, code=1)
    assert "NO REPORT for A firm 2026-11-23: 1 records; no role" in answer.out
    reasons = {r["reason"] for r in firm("balance", "--records", "held", "--json").json}
    assert all("No role" in reason for reason in reasons)


def test_bad_reference_data_is_refused(one_firm: Path, tmp_path: Path) -> None:
    shell = Shell(one_firm)
    before = everything(one_firm)
    (tmp_path / "leis.csv").write_text("colour\nred\n")
    day = ("--date", "2026-11-23")
    assert "no column lei" in shell("refdata", "load", "leis", tmp_path / "leis.csv", *day, code=2).err
    assert "'dreams'" in shell("refdata", "load", "dreams", "x.csv", *day, code=3).err
    assert "YYYY-MM-DD" in shell("refdata", "load", "leis", "x.csv", "--date", "yesterday", code=2).err
    for date in ("20261123", "2026-W48-1", "2026-11-31"):
        assert "YYYY-MM-DD" in shell("balance", "--date", date, code=2).err
    assert everything(one_firm) == before
