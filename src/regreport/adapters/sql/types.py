"""How the ledger keeps instants, days and totals: as exact text, the same on every database.

Databases disagree about microseconds, zones and decimals. Fixed-width ISO 8601 text in UTC sorts as time does, is
readable in a dump, and comes back exactly as it went in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator

LongText = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
"""Text of any length met here; plain TEXT ends at 64 KiB on MySQL."""


def instant_text(value: datetime) -> str:
    """`2026-11-23T18:00:00.000000Z`. Raises ValueError for an instant without a zone."""
    if value.tzinfo is None:
        raise ValueError(f"the instant {value.isoformat()} has no time zone; the ledger keeps aware instants only")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept in UTC to the microsecond."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        """An aware datetime as fixed-width text."""
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        """The text as an aware datetime in UTC."""
        return None if value is None else datetime.fromisoformat(value)


class Day(TypeDecorator[date]):
    """A calendar day without a zone, as ISO text."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Any) -> str | None:
        """A date as text; an instant is refused, because its day depends on a zone."""
        if value is None:
            return None
        if isinstance(value, datetime):
            raise ValueError(f"{value.isoformat()} is an instant, where the ledger keeps a day")
        return value.isoformat()

    def process_result_value(self, value: str | None, dialect: Any) -> date | None:
        """The text as a date."""
        return None if value is None else date.fromisoformat(value)


class Amounts(TypeDecorator[Mapping[str, Decimal]]):
    """Control totals, amount by currency, as a JSON object of exact decimal text."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Decimal] | None, dialect: Any) -> str | None:
        """The amounts as JSON text in order of currency; anything but a Decimal is refused."""
        return None if value is None else amounts_text(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Mapping[str, Decimal] | None:
        """The JSON text as Decimals."""
        return None if value is None else {currency: Decimal(amount) for currency, amount in json.loads(value).items()}


def amounts_text(totals: Mapping[str, Decimal]) -> str:
    """`{"EUR":"12.50"}`, in order of currency. Raises ValueError where an amount is not a Decimal."""
    for currency, amount in totals.items():
        if not isinstance(amount, Decimal):
            raise ValueError(f"the total in {currency} is {amount!r}, not a Decimal; money is never a float")
    return json.dumps({c: str(totals[c]) for c in sorted(totals)}, separators=(",", ":"))
