"""The rules across records, record by record in plain Python: the yardstick's side of the pack's cross rules.

Written from the rules' sentences, with dicts and lists; each function takes the rows of one or more reports and returns
(record from 1, value) of what is broken.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from csv import DictReader
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from importlib.resources import files
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]
Found = list[tuple[int, str | None]]


def _number(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text is not None and re.fullmatch(r"[-+0-9.eE]+", text) else None
    except InvalidOperation:
        return None


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _grouped(rows: Sequence[Row], key: Callable[[Row], Any]) -> dict[Any, list[tuple[int, Row]]]:
    groups: dict[Any, list[tuple[int, Row]]] = defaultdict(list)
    for record, row in enumerate(rows, 1):
        groups[key(row)].append((record, row))
    return groups


def _report(row: Row) -> Any:
    return row.get("@draft", 0)


def references(rows: Sequence[Row], status: str, fault: str) -> Found:
    """Records of a status that find the reference standing (or not) where it must be the other way."""
    stands: dict[Any, str] = {}
    found: Found = []
    for record, row in enumerate(rows, 1):
        if row["transaction_reference"] is None:
            continue
        key = (_report(row), row["executing_entity"], row["transaction_reference"])
        before = stands.get(key, row["@history.active"])
        if row["status"] == status and before == fault:
            found.append((record, row["transaction_reference"]))
        stands[key] = "true" if row["status"] == "NEWT" else "false"
    return found


def _has_intc(parties: Iterable[Row] | None) -> bool:
    return any(p["id_type"] == "INTC" for p in parties or ())


def _accounts(rows: Sequence[Row]) -> Iterable[tuple[int, str | None, list[tuple[bool, Decimal, str | None]]]]:
    """Each aggregate account's day: first record, instrument, movements (into, quantity, other side)."""
    groups: dict[Any, list[tuple[int, str | None, tuple[bool, Decimal, str | None]]]] = defaultdict(list)
    for record, row in enumerate(rows, 1):
        into, out = _has_intc(row["buyer"]), _has_intc(row["seller"])
        if into == out:
            continue
        instrument = row["isin"] if row["isin"] is not None else row["instrument_name"]
        time = row["trading_date_time"]
        others = row["seller" if into else "buyer"]
        other = None if others is None else "|".join(sorted(p["id"] for p in others if p["id"] is not None))
        key = (
            _report(row),
            row["executing_entity"],
            instrument,
            time and time[:10],
            row["quantity_type"],
            row["quantity_currency"],
        )
        groups[key].append((record, instrument, (into, _number(row["quantity"]) or Decimal(0), other)))
    for moves in groups.values():
        yield moves[0][0], moves[0][1], [m[2] for m in moves]


def not_flat(rows: Sequence[Row]) -> Found:
    """Accounts with more in than out, or less."""
    found: Found = []
    for record, _, moves in _accounts(rows):
        into, out = (sum((q for i, q, _ in moves if i is way), Decimal(0)) for way in (True, False))
        if into != out:
            found.append((record, f"in {_plain(into)}, out {_plain(out)}"))
    return found


def single_movements(rows: Sequence[Row]) -> Found:
    """Accounts with one movement in and one out."""
    return [(r, i) for r, i, m in _accounts(rows) if sorted(x[0] for x in m) == [False, True]]


def same_other_side(rows: Sequence[Row]) -> Found:
    """Accounts with several movements and one other side each way."""
    return [
        (record, instrument)
        for record, instrument, moves in _accounts(rows)
        if len(moves) > 2 and all(len({o for i, _, o in moves if i is way}) == 1 for way in (True, False))
    ]


def hundredfold(rows: Sequence[Row]) -> Found:
    """Prices about a hundred times, or a hundredth of, the middle price of their instrument."""
    found: Found = []
    for key, members in _grouped(rows, lambda r: (_report(r), r["isin"], r["price_currency"])).items():
        if key[1] is None:
            continue
        prices = [
            (n, r["price"], p) for n, r in members if r["price_type"] == "MNTR" and (p := _number(r["price"])) and p > 0
        ]
        if not prices:
            continue
        middle = sorted(p for _, _, p in prices)[(len(prices) - 1) // 2]
        found += [
            (n, f"{text} beside {_plain(middle)}")
            for n, text, p in prices
            if _about_100(p, middle) or _about_100(middle, p)
        ]
    return found


def _about_100(one: Decimal, other: Decimal) -> bool:
    return 70 * other <= one <= 140 * other


def priceless(rows: Sequence[Row]) -> Found:
    """No price, or zero, of an instrument that others have a price for."""
    priced = {(_report(r), r["isin"]) for r in rows if r["price"] is not None and _number(r["price"]) != 0}
    return [
        (record, r["price"] if r["price"] is not None else r["price_type"])
        for record, r in enumerate(rows, 1)
        if r["isin"] is not None
        and (r["price_type"] == "NOAP" or _number(r["price"]) == 0)
        and (_report(r), r["isin"]) in priced
    ]


def uneven_packages(rows: Sequence[Row]) -> Found:
    """Legs whose price is not the first leg's."""
    first: dict[Any, Any] = {}
    found: Found = []
    for record, r in enumerate(rows, 1):
        if r["complex_trade_id"] is None:
            continue
        price = (r["price_type"], _number(r["price"]), r["price_currency"])
        if first.setdefault((_report(r), r["executing_entity"], r["complex_trade_id"]), price) != price:
            found.append((record, r["price"] if r["price"] is not None else r["price_type"]))
    return found


def uneven_multipliers(rows: Sequence[Row]) -> Found:
    """Multipliers that are not the first one of their instrument."""
    first: dict[Any, Decimal | None] = {}
    found: Found = []
    for record, r in enumerate(rows, 1):
        instrument = r["isin"] if r["isin"] is not None else r["instrument_name"]
        if r["price_multiplier"] is None or instrument is None:
            continue
        value = _number(r["price_multiplier"])
        known = first.setdefault((_report(r), instrument), value)
        if value is not None and known is not None and value != known:
            found.append((record, r["price_multiplier"]))
    return found


@cache
def _hours() -> dict[str, dict[str, str]]:
    text = files("regreport.regimes.mifir.rules").joinpath("hours.csv").read_text(encoding="utf-8")
    return {row["mic"]: row for row in DictReader(text.splitlines())}


@cache
def _session(venue: str, day: str) -> tuple[int, int] | None:
    hours = _hours()[venue]
    minutes = []
    for what in ("opens", "closes"):
        try:
            local = datetime.fromisoformat(f"{day}T{hours[what]}").replace(tzinfo=ZoneInfo(hours["zone"]))
        except ValueError:
            return None
        utc = local.astimezone(UTC)
        minutes.append(utc.hour * 60 + utc.minute)
    return minutes[0], minutes[1]


def _outside(rows: Sequence[Row]) -> Iterable[tuple[int, str, int, int]]:
    """Trades outside hours: record, time, size of the block, hours that would bring the block inside (0: none)."""
    blocks: dict[Any, list[tuple[int, str, int]]] = defaultdict(list)
    for record, r in enumerate(rows, 1):
        time = r["trading_date_time"]
        if time is None or r["venue"] not in _hours() or not re.fullmatch("[0-9]{2}.[0-9]{2}", time[11:16]):
            continue
        session = _session(r["venue"], time[:10])
        minute = int(time[11:13]) * 60 + int(time[14:16])
        if session and not session[0] <= minute <= session[1]:
            early = minute < session[0]
            blocks[_report(r), r["executing_entity"], r["venue"], time[:10], early, session].append(
                (record, time, minute)
            )
    for (*_, early, (opens, closes)), trades in blocks.items():
        least = ceil((opens - min(t[2] for t in trades)) / 60)
        most = floor((closes - max(t[2] for t in trades)) / 60)
        shift = 0 if least > most else least if early else most
        for record, time, _ in trades:
            yield record, time, len(trades), shift


def shifted_blocks(rows: Sequence[Row]) -> Found:
    """Trades of blocks of five and more that whole hours bring inside."""
    return [
        (n, f"{t}, one of {size} outside hours; {s} h would fit") for n, t, size, s in _outside(rows) if size >= 5 and s
    ]


def out_of_hours(rows: Sequence[Row]) -> Found:
    """The others outside hours."""
    return [(n, t) for n, t, size, s in _outside(rows) if size < 5 or not s]


def never_a_fraction(rows: Sequence[Row]) -> Found:
    """Entities whose ten and more trades on venues have whole seconds."""
    trades = _grouped(
        rows,
        lambda r: (
            (_report(r), r["executing_entity"])
            if r["@venue.kind"] in ("OPRT", "SGMT") and r["trading_date_time"] is not None
            else None
        ),
    )
    trades.pop(None, None)
    return [
        (members[0][0], f"{len(members)} trades, all on a whole second")
        for members in trades.values()
        if len(members) >= 10 and not any(re.search(r"\.[0-9]*[1-9]", r["trading_date_time"]) for _, r in members)
    ]


def _constant(
    rows: Sequence[Row], kept: Callable[[Row], bool], shown: Callable[[Row], Any], test: Callable[[list[Row]], bool]
) -> Found:
    groups = _grouped(rows, lambda r: (_report(r), r["executing_entity"]) if kept(r) else None)
    groups.pop(None, None)
    return [
        (members[0][0], f"{shown(members[0][1])} on all of {len(members)} records")
        for members in groups.values()
        if len(members) >= 10 and test([r for _, r in members])
    ]


def always(rows: Sequence[Row], column: str, value: str) -> Found:
    """Entities with this value in every record that has one."""
    return _constant(
        rows, lambda r: r[column] is not None, lambda r: r[column], lambda rs: all(r[column] == value for r in rs)
    )


def always_alike(rows: Sequence[Row], column: str, kinds: tuple[str, ...]) -> Found:
    """Entities with the same flags, and some, in every record on these kinds of venue."""

    def flags(r: Row) -> str:
        return "|".join(sorted(r[column] or ()))

    return _constant(
        rows,
        lambda r: r["@venue.kind"] in kinds,
        flags,
        lambda rs: len({flags(r) for r in rs}) == 1 and flags(rs[0]) != "",
    )


def one_for_all(rows: Sequence[Row], column: str) -> Found:
    """Entities with one value for at least five instruments."""
    return _constant(
        rows,
        lambda r: r[column] is not None and r["isin"] is not None,
        lambda r: r[column],
        lambda rs: len({r[column] for r in rs}) == 1 and len({r["isin"] for r in rs}) >= 5,
    )


ACROSS: dict[str, Callable[[Sequence[Row]], Found]] = {
    "CON-023": partial(references, status="NEWT", fault="true"),
    "CON-024": partial(references, status="CANC", fault="false"),
    "R22-7-05": not_flat,
    "MFR-7-01": single_movements,
    "MFR-7-02": same_other_side,
    "MFR-33-01": hundredfold,
    "MFR-33-02": priceless,
    "R22-40-01": uneven_packages,
    "MFR-46-01": uneven_multipliers,
    "MFR-28-01": shifted_blocks,
    "MFR-28-02": out_of_hours,
    "MFR-28-04": never_a_fraction,
    "MFR-30-01": partial(one_for_all, column="quantity"),
    "MFR-33-03": partial(one_for_all, column="price"),
    "MFR-61-01": partial(always_alike, column="waiver", kinds=("OPRT", "SGMT")),
    "MFR-62-01": partial(always, column="short_selling", value="UNDI"),
    "MFR-63-01": partial(always_alike, column="otc_post_trade", kinds=("XOFF", "SINT")),
    "MFR-64-01": partial(always, column="commodity_derivative", value="false"),
}
