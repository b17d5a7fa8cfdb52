"""The simulated authority's checks: each is broken by one record and kept by the others, as its answer says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from regreport.codelists import lei
from regreport.demo.group import CLIENTS
from regreport.demo.identifiers import lei as made_lei
from regreport.demo.planted import UNKNOWN_ISIN

NOON_LATER = datetime(2026, 11, 25, 12, tzinfo=UTC)
Edit = Callable[[dict[str, Any]], None]


def _set(column: str, value: Any) -> Edit:
    return lambda row: row.__setitem__(column, value)


def _member(group: str, **values: str) -> Edit:
    return lambda row: row.__setitem__(group, [{**dict.fromkeys(_columns(row[group]), None), **values}])


def _columns(members: list[dict[str, Any]] | None) -> list[str]:
    return list(members[0]) if members else ["id", "id_type", "first_names", "surnames", "birth_date"]


BORN_LATER = {
    "id": "DE20300101ANNA#BERGE",
    "id_type": "CONCAT",
    "first_names": "ANNA",
    "surnames": "BERGER",
    "birth_date": "2030-01-01",
}
WRONG_LEI = {"id": CLIENTS[0].lei[:18] + CLIENTS[0].lei[:17:-1], "id_type": "LEI"}
NOBODYS_LEI = {"id": made_lei("NOSUCHENTITY"), "id_type": "LEI"}

BREAKS: list[tuple[str, str, Edit]] = [
    ("CON-070", "RJCT", _member("buyer", **WRONG_LEI)),
    ("CON-070", "RJCT", _member("buyer", **NOBODYS_LEI)),
    ("CON-160", "RJCT", _member("seller", **WRONG_LEI)),
    ("CON-160", "RJCT", _member("seller", **NOBODYS_LEI)),
    ("CON-120", "RJCT", _member("buyer_decision_maker", **NOBODYS_LEI)),
    ("CON-210", "RJCT", _member("seller_decision_maker", **WRONG_LEI)),
    ("CON-110", "RJCT", _member("buyer", **BORN_LATER)),
    ("CON-150", "RJCT", _member("buyer_decision_maker", **BORN_LATER)),
    ("CON-200", "RJCT", _member("seller", **BORN_LATER)),
    ("CON-240", "RJCT", _member("seller_decision_maker", **BORN_LATER)),
    ("CON-360", "RJCT", _set("venue", "NOPE")),
    ("CON-360", "RJCT", _set("venue", "ODEX")),
    ("CON-360", "RJCT", _set("venue", "XETR")),
    ("CON-370", "RJCT", _set("branch_membership_country", None)),
    ("CON-411", "PDNG", _set("isin", UNKNOWN_ISIN)),
]


def edited(table: pl.DataFrame, row: int, *edits: Edit) -> pl.DataFrame:
    """The table with one of its rows changed."""
    rows = table.to_dicts()
    for edit in edits:
        edit(rows[row])
    return pl.DataFrame(rows, schema=table.schema)


def record_id(table: pl.DataFrame, row: int) -> str:
    return str(table["executing_entity"][row]) + str(table["transaction_reference"][row])


def test_good_records_are_accepted(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good)
    (answered,) = desk.ask()
    assert (answered.status, answered.counts) == ("ACPT", {"ACPT": good.height})
    assert desk.listed(answered.answers[0]) == {}


@pytest.mark.parametrize(("rule", "status", "edit"), BREAKS)
def test_a_broken_record_is_named_with_its_rule(
    desk: Any, good: pl.DataFrame, rule: str, status: str, edit: Edit
) -> None:
    table = edited(good, 3, edit)
    desk.deliver(table)
    (answered,) = desk.ask()
    assert answered.status == "PART"
    assert answered.counts == {"ACPT": good.height - 1, status: 1}
    assert desk.listed(answered.answers[0]) == {record_id(table, 3): (status, [rule])}


def test_the_leis_of_the_cases_are_what_they_should_be() -> None:
    codes = pl.DataFrame({"lei": [WRONG_LEI["id"], NOBODYS_LEI["id"]]})
    assert codes.select(lei.is_valid("lei")).to_series().to_list() == [False, True]


def test_off_venue_needs_no_branch_membership(desk: Any, good: pl.DataFrame) -> None:
    off = [_set(column, None) for column in ("branch_membership_country", "venue_transaction_id")]
    desk.deliver(edited(good, 0, _set("venue", "XOFF"), *off))
    assert desk.ask()[0].status == "ACPT"


def test_unknown_underlying_waits(desk: Any, good: pl.DataFrame) -> None:
    described = {
        "isin": None,
        "instrument_type": "OTHR",
        "instrument_name": "OPTION",
        "instrument_classification": "HESAVC",
        "notional_currency_1": "EUR",
        "price_multiplier": "1",
        "underlying_type": "ISIN",
        "underlying_isin": UNKNOWN_ISIN,
        "option_type": "CALL",
        "strike_price": "5",
        "strike_price_type": "MNTR",
        "strike_price_currency": "EUR",
        "exercise_style": "EURO",
        "expiry_date": "2027-06-18",
        "delivery_type": "CASH",
    }
    edits = [_set(column, value) for column, value in described.items()]
    table = edited(good, 5, *edits)
    desk.deliver(table)
    assert desk.listed(desk.ask()[0].answers[0]) == {record_id(table, 5): ("PDNG", ["CON-471"])}


def test_two_faults_of_one_record_are_both_named(desk: Any, good: pl.DataFrame) -> None:
    table = edited(good, 1, _member("buyer", **WRONG_LEI), _set("venue", "NOPE"))
    desk.deliver(table)
    listed = desk.listed(desk.ask()[0].answers[0])
    assert listed[record_id(table, 1)] == ("RJCT", ["CON-070", "CON-360"])


def test_a_reference_is_not_taken_twice(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good, 1)
    assert desk.ask()[0].status == "ACPT"
    desk.deliver(good.head(3), 2)
    (second,) = desk.ask()
    assert {rules[0] for _, rules in desk.listed(second.answers[0]).values()} == {"CON-023"}
    assert second.counts == {"RJCT": 3}


def test_order_inside_a_file_counts(desk: Any, good: pl.DataFrame, layer: Any) -> None:
    desk.deliver(good.head(2), 1)
    desk.ask()
    keys = good.head(1).select("transaction_reference", "executing_entity", "submitting_entity")
    cancel = layer.complete(keys.with_columns(status=pl.lit("CANC")))
    desk.deliver(pl.concat([cancel, good.head(1)]), 2)
    desk.deliver(pl.concat([good.slice(1, 1), cancel, cancel]), 3)
    again, wrong = desk.ask()
    assert again.counts == {"ACPT": 2}
    # The second was there already; the first goes; then there is nothing left to cancel.
    assert wrong.counts == {"ACPT": 1, "RJCT": 2}
    told = desk.listed(wrong.answers[0])
    assert told[record_id(good, 1)] == ("RJCT", ["CON-023"])
    assert told[record_id(good, 0)] == ("RJCT", ["CON-024"])


def test_a_rejected_record_may_be_sent_again(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(edited(good.head(2), 0, _set("venue", "NOPE")), 1)
    assert desk.ask()[0].counts == {"ACPT": 1, "RJCT": 1}
    desk.deliver(good.head(1), 2)
    assert desk.ask()[0].status == "ACPT"


def test_dissolved_and_lapsed_are_told_apart(desk: Any, good: pl.DataFrame) -> None:
    table = edited(good, 0, _member("buyer", id=CLIENTS[1].lei, id_type="LEI"))
    changed = pl.col("lei") == CLIENTS[1].lei

    def lapsed(frame: pl.DataFrame) -> pl.DataFrame:
        word = pl.when(changed).then(pl.lit("LAPSED")).otherwise("registration_status")
        return frame.with_columns(registration_status=word)

    def dissolved(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(
            entity_status=pl.when(changed).then(pl.lit("INACTIVE")).otherwise("entity_status"),
            ended_on=pl.when(changed).then(pl.lit("2026-11-01")).otherwise("ended_on"),
        )

    desk.reference("leis", lapsed)
    desk.deliver(table, 1)
    assert desk.ask()[0].status == "ACPT"
    desk.reference("leis", dissolved)
    desk.deliver(table.with_columns(transaction_reference=pl.col("transaction_reference") + "B"), 2)
    assert desk.ask(at=NOON_LATER)[0].status == "PART"


def test_without_reference_data_only_what_needs_none_is_checked(desk: Any, good: pl.DataFrame) -> None:
    for path in (desk.workspace / "simulator/reference").iterdir():
        path.unlink()
    unknown = edited(good, 0, _set("venue", "NOPE"), _set("isin", UNKNOWN_ISIN))
    table = edited(unknown, 1, _member("buyer", **WRONG_LEI))
    desk.deliver(table)
    assert desk.listed(desk.ask()[0].answers[0]) == {record_id(table, 1): ("RJCT", ["CON-070"])}
