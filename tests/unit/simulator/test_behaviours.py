"""The behaviours of a simulated authority, besides its honest checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from regreport.demo.planted import UNKNOWN_ISIN
from regreport.simulator import Behaviour

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize("behaviour", [b for b in Behaviour if b not in ("never", "late")])
def test_a_file_is_answered_once(desk: Any, good: pl.DataFrame, behaviour: Behaviour) -> None:
    desk.deliver(good)
    assert len(desk.ask(behaviour)) == 1
    assert desk.ask(behaviour) == []


def test_reject_some(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good)
    (answered,) = desk.ask("reject_some")
    assert answered.counts == {"ACPT": 36, "RJCT": 4}
    told = desk.listed(answered.answers[0])
    expected = [e + r for e, r in good[::10].select("executing_entity", "transaction_reference").rows()]
    assert list(told) == expected
    assert {rules[0] for _, rules in told.values()} == {"SIM-PURPOSE"}


def test_reject_all(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good)
    (answered,) = desk.ask("reject_all")
    assert (answered.status, answered.counts) == ("RJCT", {})
    assert desk.reasons(answered.answers[0]) == ["SIM-PURPOSE"]
    desk.deliver(good, 2)
    assert desk.ask("accept")[0].status == "ACPT", "nothing of a rejected file was taken"


def test_late(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good)
    assert desk.ask("late", NOON) == []
    assert desk.ask("late", NOON + timedelta(hours=35)) == []
    assert desk.ask("late", NOON + timedelta(hours=36))[0].status == "ACPT"


def test_never(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good)
    assert desk.ask("never") == []
    assert desk.ask("never", NOON + timedelta(days=30)) == []
    assert not list(desk.inbox.iterdir())
    assert desk.ask("accept", NOON + timedelta(days=31))[0].status == "ACPT"


def test_twice(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good)
    (answered,) = desk.ask("twice")
    first, again, another = (desk.inbox / name for name in answered.answers)
    assert first.read_bytes() == again.read_bytes() != another.read_bytes()
    assert desk.answer(first.name).equals(desk.answer(another.name))


def test_pending_on_purpose_is_resolved_later(desk: Any, good: pl.DataFrame) -> None:
    desk.deliver(good)
    (first,) = desk.ask("pending")
    assert first.counts == {"ACPT": 36, "PDNG": 4}
    (second,) = desk.ask("pending", NOON + timedelta(minutes=1))
    assert second.counts == {"ACPT": 40, "PDNG": 0}
    told = desk.listed(second.answers[0])
    assert list(told) == list(desk.listed(first.answers[0]))
    assert set(map(str, told.values())) == {"('ACPT', [])"}
    assert desk.ask("pending", NOON + timedelta(minutes=2)) == []


def test_an_instrument_that_arrives_is_accepted(desk: Any, good: pl.DataFrame) -> None:
    unknown = pl.when(pl.int_range(pl.len()) == 2).then(pl.lit(UNKNOWN_ISIN)).otherwise("isin")
    desk.deliver(good.with_columns(isin=unknown))
    assert desk.ask()[0].counts == {"ACPT": 39, "PDNG": 1}
    assert desk.ask("accept", NOON + timedelta(days=1)) == []
    desk.reference("instruments", lambda f: pl.concat([f, f.head(1).with_columns(isin=pl.lit(UNKNOWN_ISIN))]))
    (later,) = desk.ask("accept", NOON + timedelta(days=2))
    assert later.counts == {"ACPT": 40, "PDNG": 0}


def test_after_seven_days_the_wait_is_over(desk: Any, good: pl.DataFrame) -> None:
    unknown = pl.when(pl.int_range(pl.len()) == 2).then(pl.lit(UNKNOWN_ISIN)).otherwise("isin")
    table = good.with_columns(isin=unknown)
    desk.deliver(table)
    desk.ask()
    assert desk.ask("accept", NOON + timedelta(days=6, hours=23)) == []
    (over,) = desk.ask("accept", NOON + timedelta(days=7))
    assert over.counts == {"ACPT": 39, "PDNG": 0, "RJCT": 1}
    assert list(desk.listed(over.answers[0]).values()) == [("RJCT", ["CON-412"])]
    desk.deliver(table[2:3], 2)
    assert desk.listed(desk.ask("accept", NOON + timedelta(days=8))[0].answers[0]).popitem()[1] == ("PDNG", ["CON-411"])


def test_a_waiting_record_counts_as_there_and_can_be_cancelled(desk: Any, good: pl.DataFrame, layer: Any) -> None:
    one = good.head(1).with_columns(isin=pl.lit(UNKNOWN_ISIN))
    desk.deliver(one, 1)
    desk.ask()
    desk.deliver(one, 2)
    assert desk.listed(desk.ask()[0].answers[0]).popitem()[1] == ("RJCT", ["CON-023"])
    kept = one.select("transaction_reference", "executing_entity", "submitting_entity")
    desk.deliver(layer.complete(kept.with_columns(status=pl.lit("CANC"))), 3)
    assert desk.ask()[0].status == "ACPT"
    assert desk.ask("accept", NOON + timedelta(days=9)) == []
