"""What is owed, and when it is due, in the destination's own zone and calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from regreport.errors import ConfigurationError, UnknownRegime
from regreport.plan import Wanted, check_channel, due_at, is_business_day, is_late, next_business_day, plan
from regreport.regime import DueRule, find_regime
from tests.unit.steps.test_settings import settings

DUE = DueRule(business_days=1)


@pytest.mark.parametrize(
    ("traded", "zone", "calendar", "due"),
    [
        ("2026-11-23", "Europe/Berlin", "ECB", "2026-11-24T22:59:59"),  # a plain Monday
        ("2026-11-27", "Europe/Berlin", "ECB", "2026-11-30T22:59:59"),  # over a weekend
        ("2026-07-01", "Europe/Berlin", "ECB", "2026-07-02T21:59:59"),  # summer time
        ("2026-03-27", "Europe/Berlin", "ECB", "2026-03-30T21:59:59"),  # the clocks change in between
        ("2026-12-24", "Europe/Berlin", "ECB", "2026-12-28T22:59:59"),  # Christmas and a weekend
        ("2026-04-02", "Europe/Berlin", "ECB", "2026-04-07T21:59:59"),  # Good Friday and Easter Monday
        ("2026-11-25", "America/New_York", "NYSE", "2026-11-28T04:59:59"),  # Thanksgiving
        ("2026-04-30", "Europe/Stockholm", "SE", "2026-05-04T21:59:59"),  # Labour Day and a weekend
    ],
)
def test_due_times(traded: str, zone: str, calendar: str, due: str) -> None:
    destination = settings(('zone = "Europe/Berlin"', f'zone = "{zone}"'), ('"ECB"', f'"{calendar}"')).destinations[0]
    found = due_at(date.fromisoformat(traded), destination, DUE)
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_cut_off_of_the_destination_comes_first() -> None:
    destination = settings(('calendar = "ECB"', 'calendar = "ECB"\ncut_off = 18:00:00')).destinations[0]
    assert due_at(date(2026, 11, 23), destination, DUE) == datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def test_an_unknown_calendar_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="Unknown calendar 'ZZZ'"):
        next_business_day(date(2026, 11, 23), "ZZZ")


def test_weekends_and_holidays_are_no_business_days() -> None:
    assert not is_business_day(date(2026, 11, 28), "ECB")
    assert not is_business_day(date(2026, 12, 25), "ECB")
    assert is_business_day(date(2026, 12, 24), "ECB")


def test_roles_have_dates() -> None:
    assert len(plan(settings(), date(2026, 11, 23))) == 1
    assert plan(settings(), date(2018, 1, 2)) == []


SECOND = """[[entities.roles]]
role = "submitting"
jurisdiction = "EU"
report_type = "TRANSACTION"
destination = "authority"
valid_from = 2018-01-03

[[destinations]]"""


def test_two_roles_in_one_cell_owe_one_report() -> None:
    assert len(plan(settings(("[[destinations]]", SECOND)), date(2026, 11, 23))) == 1


def test_one_report_goes_to_one_place() -> None:
    elsewhere = SECOND.replace('"authority"', '"arm"')
    destination = """

[[destinations]]
name = "arm"
sender = "YY"
recipient = "XX"
file_name = "{sender}_{sequence:06d}.xml"
zone = "Europe/Berlin"
calendar = "ECB"
"""
    both = settings(("[[destinations]]", elsewhere), ('calendar = "ECB"\n', f'calendar = "ECB"\n{destination}'))
    with pytest.raises(ConfigurationError, match="send to authority and to arm"):
        plan(both, date(2026, 11, 23))


def test_an_obligation_has_a_speaking_id() -> None:
    (owed,) = plan(settings(), date(2026, 11, 23))
    assert owed.obligation_id == "EU-TRANSACTION-MIFIR-2026-11-23-529900T8BM49AURSDO55"


def test_asking_for_an_unknown_entity_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="No entity 'Nobody'"):
        plan(settings(), date(2026, 11, 23), Wanted(entity="Nobody"))


def test_a_cell_that_is_not_built_names_what_is() -> None:
    with pytest.raises(UnknownRegime, match=r"emir for UK TRANSACTION is not built.*mifir"):
        find_regime("UK", "TRANSACTION")
    with pytest.raises(ConfigurationError, match="no cell MARS"):
        find_regime("MARS", "TRANSACTION")


def test_a_mail_may_not_carry_persons() -> None:
    destination = settings(('calendar = "ECB"', 'calendar = "ECB"\nchannel = "email"')).destinations[0]
    with pytest.raises(ConfigurationError, match="natural persons"):
        check_channel(destination, holds_persons=True, public_url="")
    check_channel(destination, holds_persons=False, public_url="")


def test_late_is_past_the_due_time() -> None:
    due = datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)
    assert not is_late(due, due)
    assert is_late(due, due.replace(hour=23))
    assert not is_late(due, None)
