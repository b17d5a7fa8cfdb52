"""Which reports an entity owes for a date, to whom, and by when: roles, destinations, calendars, due times.

An obligation exists whether or not there are records; a due time is worked out in the destination's own zone and on its
own calendar, and is kept in UTC. MiFIR Art. 26(1): close of the following working day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from regreport.errors import ConfigurationError, UnknownRegime
from regreport.model.obligation import Cell, Obligation, obligation_id
from regreport.regime import GRID, DueRule, find_regime, regimes
from regreport.settings import Destination, Entity, Role, Settings

DAYS_LOOKED_MAX = 30
"""No calendar has a longer run of holidays; more than that is a mistake in the calendar."""


@dataclass(frozen=True)
class Wanted:
    """Which part of the grid is asked for; empty fields ask for everything."""

    jurisdiction: str = ""
    report_type: str = ""
    regime: str = ""
    entity: str = ""

    def admits(self, cell: Cell, entity: Entity) -> bool:
        """Whether a cell and entity are asked for (an entity by LEI or by name)."""
        return (
            self.jurisdiction in ("", cell.jurisdiction)
            and self.report_type in ("", cell.report_type)
            and self.regime in ("", cell.regime)
            and self.entity in ("", entity.lei, entity.name)
        )


def plan(settings: Settings, on: date, wanted: Wanted | None = None) -> list[Obligation]:
    """The obligations of one date, in the order of the configuration; several roles in one cell owe one report.

    Raises ConfigurationError where a channel may not carry the regime's records, where a cell or entity is unknown, or
    where two roles would send one report to two places; UnknownRegime where a cell's regime is not built.
    """
    wanted = wanted or Wanted()
    _check_wanted(settings, wanted)
    owed: dict[str, Obligation] = {}
    for entity, role, cell in _roles(settings, on):
        if wanted.admits(cell, entity):
            obligation = _obligation(settings, entity, role, cell, on)
            first = owed.setdefault(obligation.obligation_id, obligation)
            if first.destination != obligation.destination:
                raise ConfigurationError(
                    f"Entity {entity.name} has two roles for {cell.jurisdiction} {cell.report_type} {cell.regime} on "
                    f"{on} that send to {first.destination} and to {obligation.destination}; a report goes to one place"
                )
    return list(owed.values())


def _check_wanted(settings: Settings, wanted: Wanted) -> None:
    """Asking for what is not known, not built or not configured is an answer of its own, never an empty day."""
    known = set(_names(settings))
    if wanted.entity and wanted.entity not in known:
        raise ConfigurationError(f"No entity {wanted.entity!r}; known: {', '.join(sorted(known))}")
    for what, asked, place in (("jurisdiction", wanted.jurisdiction, 0), ("report type", wanted.report_type, 1)):
        there = sorted({cell[place] for cell in GRID})
        if asked and asked not in there:
            raise ConfigurationError(f"No {what} {asked!r}; known: {', '.join(there)}")
    if wanted.jurisdiction and wanted.report_type:
        find_regime(wanted.jurisdiction, wanted.report_type, wanted.regime)
    elif wanted.regime and wanted.regime not in regimes():
        raise UnknownRegime(f"Regime {wanted.regime} is not built in this version; built: {', '.join(regimes())}")
    if not any(wanted.admits(cell, entity) for entity, _, cell in _roles(settings, None)):
        asked = " ".join(filter(None, (wanted.jurisdiction, wanted.report_type, wanted.regime, wanted.entity)))
        cells = sorted({f"{j} {t} {r.id}" for r in regimes().values() for j, t in r.cells})
        raise ConfigurationError(
            f"No entity has a role {f'for {asked}' if asked else 'yet'}; built in this version: {', '.join(cells)}. "
            "Add one under [[entities.roles]]"
        )


def _names(settings: Settings) -> Iterable[str]:
    for entity in settings.entities:
        yield from (entity.lei, entity.name)


def _roles(settings: Settings, on: date | None) -> Iterable[tuple[Entity, Role, Cell]]:
    """The roles in force on a date; all of them without one."""
    for entity in settings.entities:
        for role in entity.roles:
            if on is None or role.in_force(on):
                regime = find_regime(role.jurisdiction, role.report_type, role.regime)
                yield entity, role, Cell(role.jurisdiction, role.report_type, regime.id)


def _obligation(settings: Settings, entity: Entity, role: Role, cell: Cell, on: date) -> Obligation:
    destination = settings.destination(role.destination)
    regime = find_regime(cell.jurisdiction, cell.report_type, cell.regime)
    check_channel(destination, holds_persons=regime.holds_persons, public_url=settings.public_url)
    due = due_at(on, destination, regime.due)
    return Obligation(obligation_id(cell, on, entity.lei), cell, entity.lei, on, destination.name, due)


def check_channel(destination: Destination, *, holds_persons: bool, public_url: str) -> None:
    """Refuse a channel that would carry persons' data in the open. Raises ConfigurationError saying why."""
    if destination.channel == "email" and holds_persons and not (public_url and destination.link_allowed):
        raise ConfigurationError(
            f"Destination {destination.name}: a mail may not carry this regime's files, they hold natural persons' "
            "data. Use the folder or sftp channel, or set public_url and link_allowed = true so that a signed link goes"
        )


def due_at(on: date, destination: Destination, rule: DueRule) -> datetime:
    """The instant (UTC) by which a report for `on` must be in."""
    day = on
    for _ in range(rule.business_days):
        day = next_business_day(day, destination.calendar)
    local = datetime.combine(day, destination.cut_off or rule.time_of_day, tzinfo=ZoneInfo(destination.zone))
    return local.astimezone(UTC)


def next_business_day(day: date, calendar: str) -> date:
    """The first business day after `day`."""
    for step in range(1, DAYS_LOOKED_MAX):
        candidate = day + timedelta(days=step)
        if is_business_day(candidate, calendar):
            return candidate
    raise ConfigurationError(f"Calendar {calendar} has no business day in the {DAYS_LOOKED_MAX} days after {day}")


def is_business_day(day: date, calendar: str) -> bool:
    """Monday to Friday and no holiday of the calendar."""
    return day.weekday() < 5 and day not in _holidays(calendar)


def is_late(due: datetime, at: datetime | None) -> bool:
    """Whether something done (or not yet done) at `at` is past its due time."""
    return at is not None and at > due


@lru_cache
def _holidays(calendar: str) -> Any:
    """A `holidays` object: ECB (TARGET), NYSE and other markets, or a country with an optional subdivision."""
    country, _, subdivision = calendar.partition("-")
    try:
        if calendar in holidays.list_supported_financial():
            return holidays.financial_holidays(calendar)
        return holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError as error:
        raise ConfigurationError(
            f"Unknown calendar {calendar!r}: use ECB, NYSE or a country code such as DE or DE-HE"
        ) from error
