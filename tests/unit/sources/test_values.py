"""Values: what is accepted keeps its exact value, judged against the standard library; the rest is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regreport.engine.totals import totals_by, totals_of_each
from regreport.errors import ConfigurationError
from regreport.sources.numbers import read_decimals, read_integers
from regreport.sources.reading import Reading, declared_reading
from regreport.sources.timeform import compile_form
from regreport.sources.times import read_dates, read_timestamps
from regreport.sources.values import read_values

QUICK = settings(max_examples=100, deadline=None)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
PLAIN = st.from_regex(r"\A-?[0-9]{1,20}(\.[0-9]{1,20})?\Z")
JUNK = st.text(alphabet="0123456789.,-+eE_xX '\u00a0\uff11NaInf", max_size=12)


def _one(text: str) -> pl.Series:
    return pl.Series("raw", [text], dtype=pl.String)


@QUICK
@given(st.lists(st.one_of(PLAIN, JUNK), min_size=1, max_size=30))
def test_decimals_keep_their_value(texts: list[str]) -> None:
    value, problem = read_decimals(pl.Series("raw", texts), Reading())
    for text, ours, wrong in zip(texts, value, problem, strict=True):
        assert (ours is None) != (wrong is None)
        if ours is None:
            continue
        assert Decimal(ours) == Decimal(text)
        assert len(Decimal(ours).as_tuple().digits) <= 18
        assert not ours.lstrip("-").startswith("00")


@QUICK
@given(st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**12), max_value=10**12))
def test_every_plain_decimal_of_18_digits_is_accepted(number: Decimal) -> None:
    text = format(number, "f")
    value, problem = read_decimals(_one(text), Reading())
    if number.is_zero() and number.is_signed():
        assert problem[0] == "is minus zero"
    else:
        assert value[0] == text


@pytest.mark.parametrize(
    ("mark", "thousands", "text", "expected"),
    [
        (",", ".", "1.000,50", "1000.50"),
        (",", ".", "1000,50", "1000.50"),
        (".", ",", "-1,234,567.8", "-1234567.8"),
        (".", "'", "1'000", "1000"),
        (".", ",", "1,00", None),
        (".", ",", "1,0000", None),
        (",", "", "1.5", None),
        (",", ".", "1.5", None),
        (",", "", "1,5,0", None),
    ],
)
def test_declared_marks(mark: str, thousands: str, text: str, expected: str | None) -> None:
    value, problem = read_decimals(_one(text), Reading(decimal_mark=mark, thousands=thousands))
    assert value[0] == expected
    assert (problem[0] is None) == (expected is not None)


def test_integers() -> None:
    value, problem = read_integers(pl.Series("raw", ["6", "006", "-3", "6.0", "6.5", "x", None]))
    assert value.to_list() == ["6", "6", "-3", None, None, None, None]
    assert [bool(p) for p in problem] == [False, False, False, True, True, True, False]


@QUICK
@given(st.text(alphabet="0123456789-/T:. Z", max_size=12) | st.dates().map(str))
def test_dates_are_those_of_the_calendar(text: str) -> None:
    value, problem = read_dates(_one(text), Reading())
    try:
        real = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat() == text
    except ValueError:
        real = False
    sane = real and 1900 <= int(text[:4]) <= 2199
    assert (value[0] == text) is sane
    assert (problem[0] is None) is sane


@QUICK
@given(
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2099, 12, 30)),  # noqa: DTZ001 - local on purpose
    st.integers(-14 * 60, 14 * 60).filter(bool),
)
def test_offsets_give_the_instant(local: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{local.isoformat(timespec='microseconds')}{sign}{hours:02d}:{rest:02d}"
    expected = (local - timedelta(minutes=minutes)).isoformat(timespec="microseconds") + "Z"
    assert read_timestamps(_one(text), Reading()).value[0] == expected


@settings(max_examples=300, deadline=None)
@given(
    st.datetimes(min_value=datetime(1996, 1, 1), max_value=datetime(2037, 12, 30))  # noqa: DTZ001 - local on purpose
    | st.sampled_from([datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1)]).flatmap(  # noqa: DTZ001
        lambda start: st.integers(0, 4 * 3600).map(lambda seconds: start + timedelta(seconds=seconds))
    )
)
def test_local_times_as_the_standard_library_has_them(local: datetime) -> None:
    local = local.replace(microsecond=0)
    instants = {local.replace(tzinfo=STOCKHOLM, fold=fold).astimezone(UTC) for fold in (0, 1)}
    real = sorted(i for i in instants if i.astimezone(STOCKHOLM).replace(tzinfo=None) == local)
    expected = [i.strftime("%Y-%m-%dT%H:%M:%SZ") for i in real]
    text = _one(local.isoformat())
    strict = read_timestamps(text, Reading(zone="Europe/Stockholm"))
    earlier = read_timestamps(text, Reading(zone="Europe/Stockholm", fold="earlier")).value[0]
    later = read_timestamps(text, Reading(zone="Europe/Stockholm", fold="later")).value[0]
    if not expected:
        assert "skipped by the clocks" in strict.problem[0]
        assert earlier is later is None
    else:
        assert strict.value[0] == (expected[0] if len(expected) == 1 else None)
        assert (earlier, later) == (expected[0], expected[-1])


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%d/%m/%Y %H:%M:%S", "23/11/2026 10:15:30", "2026-11-23T10:15:30Z"),
        ("%d/%m/%Y %H:%M:%S", "3/11/2026 10:15:30", None),
        ("%-d/%-m/%Y %H:%M:%S", "3/1/2026 10:15:30", "2026-01-03T10:15:30Z"),
        ("%Y%m%d-%H:%M:%S%.f", "20261123-10:15:30.120", "2026-11-23T10:15:30.120Z"),
        ("%d-%b-%Y %H:%M:%S %z", "23-Nov-2026 10:15:30 +0100", "2026-11-23T09:15:30Z"),
        ("%d-%b-%Y %H:%M:%S", "23-nov-2026 10:15:30", None),
        ("%d/%m/%Y %H:%M:%S", "23/11/2026 10:15:30 extra", None),
        ("%d/%m/%Y %H:%M:%S", "\uff12\uff13/11/2026 10:15:30", None),
    ],
)
def test_declared_formats_are_exact(form: str, text: str, expected: str | None) -> None:
    times = read_timestamps(_one(text), Reading(timestamp_format=form, zone="UTC"))
    assert times.value[0] == expected
    assert (times.problem[0] is None) == (expected is not None)


@pytest.mark.parametrize("form", ["%d/%m/%y", "%Y-%m", "%Y-%m-%d %q", "%Y-%m-%d %Y", "%", "%Y-%m-%b-%d"])
def test_formats_that_would_guess(form: str) -> None:
    with pytest.raises(ConfigurationError):
        compile_form(form)


def test_a_timestamp_format_needs_seconds() -> None:
    with pytest.raises(ConfigurationError, match="hour, minute and second"):
        declared_reading(Reading(), {"timestamp_format": "%d/%m/%Y %H:%M"}, "m.toml: [file]")


def test_the_day_is_read_where_the_time_is_wrong() -> None:
    texts = ["2026-11-23T99:00:00Z", "2026-11-23 soon", "soon", "2026-02-30T10:00:00Z", "9999-12-31T00:00:00Z"]
    days = read_timestamps(pl.Series("raw", texts), Reading()).day
    assert [day.isoformat() if day else None for day in days] == ["2026-11-23", "2026-11-23", None, None, None]


def test_translation_never_passes_what_it_does_not_list() -> None:
    raw = pl.Series("raw", ["B", "S", "X", "", None, "b"])
    values = read_values(raw, "code", Reading(), translate={"B": "BUY", "S": "SELL"})
    assert values.value.to_list() == ["BUY", "SELL", None, None, None, None]
    assert [bool(p) for p in values.problem] == [False, False, True, False, False, True]
    kept = read_values(raw, "code", Reading(), translate={"B": "BUY"}, keep=True)
    assert kept.value.to_list() == ["BUY", "S", "X", None, None, "b"]
    empty = read_values(raw, "code", Reading(), translate={})
    assert [bool(p) for p in empty.problem] == [True, True, True, False, False, True]


def test_declared_value_of_an_empty_cell_and_codes_for_nothing() -> None:
    raw = pl.Series("raw", ["", "N/A", "Y"])
    values = read_values(raw, "boolean", Reading(), translate={"Y": "true", "N/A": ""}, when_empty="false")
    assert values.value.to_list() == ["false", "false", "true"]
    assert values.problem.null_count() == 3


def test_strip_is_done_only_where_declared() -> None:
    raw = pl.Series("raw", [" AB ", "   "])
    assert [bool(p) for p in read_values(raw, "text", Reading()).problem] == [True, True]
    stripped = read_values(raw, "text", Reading(strip=True))
    assert stripped.value.to_list() == ["AB", None]
    assert stripped.problem.null_count() == 2


def test_names_are_composed_and_counted_ids_are_not_touched() -> None:
    raw = pl.Series("raw", ["Rene\u0301", "Ren\u00e9", "\u212b"])
    names = read_values(raw, "text", Reading(), name=True)
    assert names.value.to_list() == ["Ren\u00e9", "Ren\u00e9", "\u00c5"]
    assert names.composed == 2
    assert read_values(raw, "text", Reading()).value.to_list() == raw.to_list()


@QUICK
@given(st.lists(st.tuples(PLAIN, st.sampled_from(["EUR", "SEK", None])), max_size=40))
def test_totals_are_exact(rows: list[tuple[str, str | None]]) -> None:
    amounts, _ = read_decimals(pl.Series("raw", [amount for amount, _ in rows], dtype=pl.String), Reading())
    table = pl.DataFrame({"amount": amounts, "currency": pl.Series([c for _, c in rows], dtype=pl.String)})
    expected: dict[str, int] = {}
    for amount, (_, currency) in zip(amounts, rows, strict=True):
        if amount is not None:
            expected[currency or ""] = expected.get(currency or "", 0) + int(Decimal(amount).scaleb(18))
    half = len(rows) // 2
    totals = totals_by([table.head(half), table.slice(half)], "amount", "currency")
    assert {code: int(Decimal(f"{total:f}e18")) for code, total in totals.items()} == expected


def test_totals_of_each_report_are_its_own() -> None:
    """A row without amount belongs to a report, and shifts nobody else's."""
    table = pl.DataFrame({"amount": [None, "1.5", "2", None, "-0.25"], "currency": ["EUR", "EUR", None, None, "EUR"]})
    owners = pl.lit(pl.Series([0, 0, 1, 2, 3], dtype=pl.UInt32))
    told = totals_of_each([table], owners, "amount", "currency")
    assert {key: {c: str(t) for c, t in sums.items()} for key, sums in told.items()} == {
        0: {"EUR": "1.5"},
        1: {"": "2"},
        3: {"EUR": "-0.25"},
    }


def test_ten_tenths_are_one() -> None:
    table = pl.DataFrame({"amount": ["0.1"] * 10, "currency": ["EUR"] * 10})
    assert str(totals_by([table], "amount", "currency")["EUR"]) == "1.0"
    assert sum([0.1] * 10) != 1.0, "control: binary floating point does not"


def test_control_the_standard_library_accepts_what_we_refuse() -> None:
    """Why the form is checked and not only the conversion: Decimal and int take all of these."""
    for text in ("1_000", "\uff11\uff12", "1e400", "NaN", " 5"):
        Decimal(text.strip())
        with pytest.raises(InvalidOperation):
            Decimal(str(read_decimals(_one(text), Reading())[0][0]))
