"""A mapping says everything or it is refused: no unknown key, no half-declared column, no constant that is no value."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.sources.made import ENTITY, LOADED_AT, REQUIRED, write

from regreport.errors import BadInput, ConfigurationError
from regreport.sources.land import land
from regreport.sources.mapping import canonical_mapping, load_mapping, parse_mapping
from regreport.sources.propose import propose_mapping
from regreport.sources.read import read_source

HEAD = 'kind = "transaction"\n'
CORE = '[columns]\ntransaction_id = "Ref"\nentity = "Firm"\ntimestamp = "When"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind = ", "m.toml: not TOML"),
        ('kind = "trade"\n' + CORE, "no kind of source record is called 'trade'. There are: "),
        (CORE, "no kind of source record is called ''"),
        (HEAD + "colour = 1\n" + CORE, "unknown key 'colour'. Known: columns, file, ignored, kind"),
        (HEAD + CORE + 'sied = "Side"\n', "'sied' is not a canonical column. Near it: side"),
        (HEAD + '[columns]\ntransaction_id = "Ref"\nentity = "Firm"\n', "required column 'timestamp' is not mapped"),
        (HEAD + CORE + 'side = { form = "S" }\n', "needs either from"),
        (HEAD + CORE + 'side = { from = "S", constant = "BUY" }\n', "needs either from"),
        (HEAD + CORE + 'side = { from = "S", default = "BUY" }\n', "unknown key 'default'"),
        (HEAD + CORE + "side = 1\n", "[columns.side] must be a table"),
        (HEAD + CORE + 'side = { from = "S", translate = { B = 1 } }\n', "translate.B must be text between quotes"),
        (HEAD + CORE + 'side = { from = "S", otherwise = "drop" }\n', "otherwise is 'drop'; it may be '', 'keep'"),
        (HEAD + CORE + 'price = { constant = "1,5" }\n', "constant '1,5' is not a number"),
        (
            HEAD + CORE + 'sft = { from = "S", translate = { Y = "yes" } }\n',
            "translate.Y 'yes' is neither true nor false",
        ),
        (HEAD + CORE + 'sft = { from = "S", when_empty = "no" }\n', "when_empty 'no' is neither true nor false"),
        (HEAD + CORE + 'side = { constant = "" }\n', "constant '' is empty"),
        (HEAD + '[file]\ndelimiter = "::"\n' + CORE, "delimiter is '::'; it may be"),
        (HEAD + '[file]\nencoding = "ebcdic"\n' + CORE, "encoding is 'ebcdic'; it may be"),
        (HEAD + '[file]\nzone = "Europe/Stokholm"\n' + CORE, "Near it: Europe/Stockholm"),
        (HEAD + '[file]\nfold = "both"\n' + CORE, "fold is 'both'"),
        (HEAD + '[file]\nstrip = "yes"\n' + CORE, "strip must be true or false"),
        (HEAD + '[file]\ndecimal_mark = ","\nthousands = ","\n' + CORE, "are the same character"),
        (HEAD + '[file]\ndate_format = "%d/%m/%y"\n' + CORE, "unknown part '%y'"),
        (HEAD + 'ignored = "Desk"\n' + CORE, "ignored must be a list"),
    ],
)
def test_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        parse_mapping(text, "m.toml")


def test_a_complete_mapping(tmp_path: Path) -> None:
    mapping = parse_mapping(
        HEAD
        + 'ignored = ["Desk"]\n[file]\ndelimiter = ";"\ndecimal_mark = ","\nthousands = "."\nstrip = true\n'
        + 'timestamp_format = "%d/%m/%Y %H:%M:%S"\nzone = "Europe/Stockholm"\n'
        + CORE
        + 'side = { from = "B/S", translate = { B = "BUY", S = "SELL" } }\nquantity = "Qty"\n'
        + 'quantity_type = { constant = "UNIT" }\nsft = { from = "Sft", translate = { Y = true, N = false } }\n'
        + 'maturity_date = { from = "Mat", format = "%d.%m.%Y" }\nclient_id = { from = "Cli", parted_by = "/" }\n',
        "own.toml",
    )
    path = tmp_path / "own.csv"
    path.write_text(
        "Ref;Firm;When;B/S;Qty;Sft;Mat;Cli;Desk;Note\n"
        f"1;{ENTITY};23/11/2026 10:15:30;B;1.000,5;Y;31.12.2030;A/B; x;n\n"
        f"2;{ENTITY};23/11/2026 10:15:30; S ;7;?;31.02.2030;;;\n"
    )
    landed = land(read_source(path, mapping.layout), mapping, entities=[ENTITY], loaded_at=LOADED_AT)
    table = landed.batches[0].table("B")
    assert table.select("timestamp", "side", "quantity", "quantity_type", "sft", "maturity_date").rows() == [
        ("2026-11-23T09:15:30Z", "BUY", "1000.5", "UNIT", "true", "2030-12-31"),
        ("2026-11-23T09:15:30Z", "SELL", "7", "UNIT", None, None),
    ]
    assert table["client_id"].to_list() == [["A", "B"], None]
    assert landed.unmapped == ("Note",)
    assert landed.ignored == ("Desk",)
    assert dict(landed.batches[0].faults) == {"sft": 1, "maturity_date": 1}


def test_a_column_that_the_file_lacks_is_named_with_what_is_near(tmp_path: Path) -> None:
    path = write(tmp_path, f"Reff,Firm,When\n1,{ENTITY},2026-11-23T10:15:30Z\n")
    mapping = parse_mapping(HEAD + CORE, "m.toml")
    words = "no column 'Ref', from which the mapping m.toml takes transaction_id. Near it: Reff"
    with pytest.raises(BadInput, match=re.escape(words)):
        land(read_source(path), mapping, entities=[ENTITY], loaded_at=LOADED_AT)


def test_a_file_with_our_names_needs_no_mapping() -> None:
    mapping = canonical_mapping("transaction", (*REQUIRED, "price", "Desk"))
    assert list(mapping.rules) == [*REQUIRED, "price"]
    with pytest.raises(ConfigurationError, match="entity, timestamp is not there"):
        canonical_mapping("transaction", ("transaction_id",))


def test_the_digest_is_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text(HEAD + CORE)
    assert load_mapping(path).digest == parse_mapping(HEAD + CORE, "x").digest
    assert load_mapping(path).digest != parse_mapping(HEAD + CORE + "# \n", "x").digest
    with pytest.raises(ConfigurationError, match=r"absent\.toml: the mapping cannot be read"):
        load_mapping(tmp_path / "absent.toml")


GERMAN = f"""Trade Id;Firm;When;Buy/Sell;Qty;Px;ccy;ISIN;Desk
1;{ENTITY};23/11/2026 10:11:12;B;1.000,50;12,5;EUR;SE0000108656;x
2;{ENTITY};23/11/2026 10:11:12;X;2.000,50;12,5;EUR;SE0000108656;x
"""


def test_a_proposal_for_a_strange_file(tmp_path: Path) -> None:
    proposal = propose_mapping(write(tmp_path, GERMAN), "transaction")
    text = proposal.text
    assert propose_mapping(tmp_path / "made.csv", "transaction") == proposal
    mapping = parse_mapping(text, "proposed.toml")
    assert (mapping.layout.delimiter, mapping.rules["price"].reading.decimal_mark) == (";", ",")
    assert {name: rule.origin for name, rule in mapping.rules.items()} == {
        "transaction_id": "Trade Id",
        "entity": "Firm",
        "timestamp": "When",
        "currency": "ccy",
        "side": "Buy/Sell",
        "quantity": "Qty",
        "price": "Px",
        "isin": "ISIN",
    }
    assert dict(mapping.rules["side"].translate or {}) == {"B": "BUY"}
    assert '#   "X": 1 records, to be translated' in text
    assert proposal.left_over == ("Desk",)
    assert proposal.entities == (ENTITY,)
    assert proposal.report[0] == "8 columns matched (0 of our own name) by 2 records"
    assert any("declare zone" in decision for decision in proposal.decisions)
    for line in text.splitlines():
        guessed = re.match(r"(\w+) = ", line)
        if guessed and guessed[1] in mapping.rules:
            assert "# check" in line or guessed[1] == "isin"


def test_what_can_be_two_things_is_not_chosen(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f'TradeId,TradeRef,A,B,Born,Qty\n1,2,{ENTITY},{ENTITY},01/02/2026 10:00:00,"1,000"\n',
    )
    proposal = propose_mapping(path, "transaction")
    text = proposal.text
    assert '# transaction_id = "TradeId"  # choose\n# transaction_id = "TradeRef"  # choose\n' in text
    assert '# entity = "A"  # choose\n# entity = "B"  # choose\n' in text
    assert "%d/%m/%Y %H:%M:%S%.f or %m/%d/%Y %H:%M:%S%.f" in " ".join(proposal.decisions)
    assert '# decimal_mark = ","  # choose' in text
    assert '# thousands = ","  # choose' in text
    with pytest.raises(ConfigurationError, match="required column 'transaction_id' is not mapped"):
        parse_mapping(text, "proposed.toml")


def test_one_odd_number_is_a_fault_and_no_format(tmp_path: Path) -> None:
    path = write(tmp_path, 'transaction_id,quantity\n1,12500\n2,"1,250.00"\n')
    text = propose_mapping(path, "transaction").text
    assert "thousands" not in text


def test_a_file_that_is_not_utf8_is_proposed_with_an_encoding(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(
        f"transaction_id,entity,timestamp,instrument_name\n1,{ENTITY},2026-11-23T10:15:30Z,René\n".encode("latin-1")
    )
    proposal = propose_mapping(path, "transaction")
    text = proposal.text
    assert 'encoding = "windows-1252"  # check' in text
    assert any("not UTF-8" in decision for decision in proposal.decisions)
    mapping = parse_mapping(text, "proposed.toml")
    landed = land(read_source(path, mapping.layout), mapping, entities=[ENTITY], loaded_at=LOADED_AT)
    assert landed.batches[0].table("B")["instrument_name"].to_list() == ["René"]


def test_values_of_the_file_never_break_the_proposal(tmp_path: Path) -> None:
    nasty = '"a\\""b\n\'\'\' # ]"'
    path = write(
        tmp_path, f"transaction_id,entity,timestamp,side,{nasty}\n1,{ENTITY},2026-11-23T10:15:30Z,{nasty},{nasty}\n"
    )
    text = propose_mapping(path, "transaction").text
    assert set(parse_mapping(text, "proposed.toml").rules) == {"transaction_id", "entity", "timestamp", "side"}
