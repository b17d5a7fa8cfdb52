"""A stranger's own file: init proposes, the stranger fills in, and the same trades in three shapes are one report."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.conftest import DAY, LOADED, RUN, Shell

FIRM = "DEMO00SKARGARDFOND36"
CENTRAL = "DEMO00DEMOCCPEQUIT33"
CLIENT = "DEMO00KUSTENSPENSI67"
CONSTANTS = {
    "event_kind": "TRADE",
    "product_kind": "INSTRUMENT",
    "is_otc_derivative": "false",
    "service": "CLIENT_EXECUTION",
    "order_origin": "CLIENT",
    "transmitted": "false",
    "transmission": "false",
    "client_id_type": "LEI",
    "quantity_type": "UNIT",
    "price_type": "MNTR",
    "trading_capacity": "AOTC",
    "branch_membership_country": "SE",
    "execution_id": "ALGO1",
    "execution_type": "ALGO",
    "sft": "false",
}


@dataclass(frozen=True)
class Shape:
    """A firm's file, what init must have understood of it, and what its owner then writes into the mapping."""

    text: str
    encoding: str
    matched: dict[str, str]
    left_over: tuple[str, ...]
    decided: tuple[str, ...]
    edits: tuple[tuple[str, str], ...]
    added: dict[str, str]


GERMAN = Shape(
    text=(
        "Geschäftsnr;Firma LEI;Handelszeit;Kauf/Verkauf;ISIN;Stück;Kurs;Währung;Handelsplatz;Gegenpartei;Kunde;Match\n"
        f"T1;{FIRM};23.11.2026 10:15:30;K;SE000DEMO042;1.250;19,63;SEK;XSTO;{CENTRAL};{CLIENT};XSTOA1\n"
        f"T2;{FIRM};23.11.2026 11:00:00;V;SE000DEMO042;700;1.019,5;SEK;XSTO;{CENTRAL};{CLIENT};XSTOA2\n"
    ),
    encoding="utf-8",
    matched={"isin": "ISIN"},
    left_over=("Geschäftsnr", "Kurs", "Kunde"),
    decided=("the file looks parted by semicolon", "no time zone", "entity: choose between Firma LEI"),
    edits=(
        ('# zone = "Europe/Stockholm"', 'zone = "Europe/Stockholm"\ndecimal_mark = ","\nthousands = "."'),
        ('# entity = "Firma LEI"', 'entity = "Firma LEI"'),
        ('# transaction_id = ""', 'transaction_id = "Geschäftsnr"'),
    ),
    added={
        "side": '{ from = "Kauf/Verkauf", translate = { "K" = "BUY", "V" = "SELL" } }',
        "quantity": '"Stück"',
        "price": '"Kurs"',
        "price_currency": '"Währung"',
        "venue": '"Handelsplatz"',
        "counterparty": '"Gegenpartei"',
        "client_id": '"Kunde"',
        "venue_transaction_id": '"Match"',
    },
)
TABBED = Shape(
    text=(
        "Trade ID\tOur LEI\tTrade Date/Time (UTC)\tBuy/Sell\tSecurity\tQty\tPrice\tCcy\tMIC\tCpty LEI\tClient\tMatch\n"
        f"T1\t{FIRM}\t2026-11-23 09:15:30\tBUY\tSE000DEMO042\t1250\t19.63\tSEK\tXSTO\t{CENTRAL}\t{CLIENT}\tXSTOA1\n"
        f"T2\t{FIRM}\t2026-11-23 10:00:00\tSELL\tSE000DEMO042\t700\t1019.5\tSEK\tXSTO\t{CENTRAL}\t{CLIENT}\tXSTOA2\n"
    ),
    encoding="utf-8-sig",
    matched={"transaction_id": "Trade ID", "entity": "Our LEI", "venue": "MIC", "isin": "Security"},
    left_over=(),
    decided=("the file looks parted by tab", "no time zone"),
    edits=(
        ('# zone = "Europe/Stockholm"', 'zone = "UTC"'),
        ('currency = "Ccy"', 'price_currency = "Ccy"'),
    ),
    added={"client_id": '"Client"', "venue_transaction_id": '"Match"'},
)
SNAKE = Shape(
    text=(
        "trade_reference,executing_entity,execution_time,side,instrument_isin,quantity,price,price_ccy,venue_mic,"
        "counterparty_lei,client_lei,match_code,desk\n"
        f"T1,{FIRM},2026-11-23T10:15:30+01:00,B,SE000DEMO042,1250,19.63,SEK,XSTO,{CENTRAL},{CLIENT},XSTOA1,7\n"
        f"T2,{FIRM},2026-11-23T11:00:00+01:00,S,SE000DEMO042,700,1019.5,SEK,XSTO,{CENTRAL},{CLIENT},XSTOA2,8\n"
    ),
    encoding="utf-8",
    matched={"transaction_id": "trade_reference", "timestamp": "execution_time", "client_id": "client_lei"},
    left_over=("desk",),
    decided=("side: check what its codes mean",),
    edits=(("ignored = []", 'ignored = ["desk"]'),),
    added={"venue_transaction_id": '"match_code"'},
)
SHAPES = {"german": GERMAN, "tabbed": TABBED, "snake": SNAKE}


def proposed(folder: Path, shape: Shape) -> tuple[Shell, str]:
    """A workspace that init made around the file, and what it said."""
    workspace = folder / "own"
    workspace.mkdir()
    (folder / "trades.csv").write_text(shape.text, encoding=shape.encoding)
    shell = Shell(workspace)
    return shell, shell("init", "--from", "../trades.csv").out


def fill_in(shell: Shell, shape: Shape) -> None:
    """What the owner of the file does with an editor."""
    path = shell.workspace / "mappings" / "transaction.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in shape.edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    there = tomllib.loads(text)["columns"]
    constants = {name: f'{{ constant = "{value}" }}' for name, value in CONSTANTS.items()}
    more = {name: rule for name, rule in (constants | shape.added).items() if name not in there}
    path.write_text(text + "".join(f"{name} = {rule}\n" for name, rule in more.items()), encoding="utf-8")
    path = shell.workspace / "regreport.toml"
    text = (
        path.read_text(encoding="utf-8")
        .replace('country = "" ', 'country = "SE"')
        .replace('lei = ""', f'lei = "{FIRM}"')
    )
    path.write_text(text.replace('"Europe/Berlin"', '"Europe/Stockholm"'), encoding="utf-8")


@pytest.mark.parametrize("name", SHAPES)
def test_init_says_what_it_understood_and_what_is_left(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    shell, told = proposed(tmp_path, shape)
    declared = tomllib.loads((shell.workspace / "mappings" / "transaction.toml").read_text(encoding="utf-8"))
    for column, origin in shape.matched.items():
        rule = declared["columns"][column]
        assert origin in (rule, rule["from"] if isinstance(rule, dict) else None)
    assert all(f"To decide: {words}" in told or words in told for words in shape.decided), told
    left = next((line for line in told.splitlines() if line.startswith("Left over: ")), "")
    assert all(column in left for column in shape.left_over)
    assert {p.name for p in shell.workspace.iterdir()} == {"mappings", "regreport.toml", "store", "inbox", "outbox"}


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_not_filled_in_is_asked_for(tmp_path: Path, name: str) -> None:
    shell, _ = proposed(tmp_path, SHAPES[name])
    assert "country" in shell("load", "../trades.csv", at=LOADED, code=3).err
    assert "country" in shell("doctor", code=1).out


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    shell, _ = proposed(tmp_path, SNAKE)
    before = {p: p.read_bytes() for p in shell.workspace.rglob("*") if p.is_file()}
    assert "exists" in shell("init", "--from", "../trades.csv", code=3).err
    (shell.workspace / "mappings" / "transaction.toml").unlink()
    (shell.workspace / "regreport.toml").write_text("# mine\n")
    shell("init", "--from", "../trades.csv")
    assert (shell.workspace / "regreport.toml").read_text() == "# mine\n"
    mapping = shell.workspace / "mappings" / "transaction.toml"
    assert mapping.read_bytes() == before[mapping]


@pytest.mark.parametrize("words", [("missing.csv",), ("trades.csv", "--kind", "dream")])
def test_init_of_nothing_leaves_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "trades.csv").write_text(SNAKE.text)
    Shell(tmp_path)("init", "--from", *words, code=None)
    assert [p.name for p in tmp_path.iterdir()] == ["trades.csv"]


def test_three_shapes_of_the_same_trades_are_one_report(tmp_path: Path, made_day: Path) -> None:
    sent = {}
    for name, shape in SHAPES.items():
        (tmp_path / name).mkdir()
        shell, _ = proposed(tmp_path / name, shape)
        fill_in(shell, shape)
        for dataset in ("instruments", "leis", "mics"):
            shell("refdata", "load", dataset, made_day / f"{dataset}.csv", "--date", DAY, at=LOADED)
        loaded = shell("load", "../trades.csv", "--json", at=LOADED).json[0]
        assert (loaded["records"], loaded["faults"], loaded["unmapped"]) == (2, {}, []), name
        assert all(line["ok"] for line in shell("doctor", "--json").json)
        shell("run", "--date", DAY, at=RUN)
        counts = shell.balance()
        held = shell("balance", "--records", "held", "--json").json
        assert (counts["unanswered"], counts["residual"]) == (2, 0), (name, held)
        (file,) = (shell.workspace / "outbox" / "authority").iterdir()
        sent[name] = file.read_bytes()
    assert len(set(sent.values())) == 1
    text = sent["german"].decode("utf-8")
    for words in ("<TradDt>2026-11-23T09:15:30Z<", "<Unit>1250<", ">19.63<", ">1019.5<", f"<LEI>{CLIENT}<"):
        assert words in text
