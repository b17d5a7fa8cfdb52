"""The feed manifest: which source files are expected, and the counts and totals that each must have.

Whoever sends the files says what is in them; a load that differs is refused with both figures, because half a file
looks like a quiet day. The manifest is a TOML file, `feed.toml` beside the files or wherever the settings point.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal, InvalidOperation, localcontext
from pathlib import Path
from types import MappingProxyType
from typing import Any

from regreport.errors import BadInput, ConfigurationError
from regreport.sources.declared import known_keys, table, text
from regreport.sources.land import Landed

FEED_NAME = "feed.toml"


@dataclass(frozen=True)
class Expected:
    """One file. `rows` and `totals` (amount by currency) are checked where they are given; `by` is a local time."""

    name: str
    rows: int | None = None
    totals: Mapping[str, Decimal] | None = None
    by: time | None = None
    digest: str = ""


Feed = Mapping[str, Expected]


def load_feed(path: Path) -> Feed:
    """File name -> what is expected of it, from `[[file]]` tables with name, rows, totals, by, sha256.

    Raises ConfigurationError naming the key.
    """
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ConfigurationError(f"{path.name}: the feed manifest cannot be read: {fault}") from None
    known_keys(declared, {"file"}, path.name)
    files = declared.get("file", [])
    if not isinstance(files, list):
        raise ConfigurationError(f"{path.name}: files are declared as [[file]] tables")
    expected = [_expected(table(one, f"{path.name} [[file]]"), path.name) for one in files]
    names = [one.name for one in expected]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{path.name}: the file {name!r} is declared twice")
    return MappingProxyType({one.name: one for one in expected})


def check_feed(feed: Feed, landed: Landed) -> None:
    """Raises BadInput with both figures where what came is not what was announced, or was not announced at all."""
    expected = feed.get(landed.file_name)
    if expected is None:
        names = ", ".join(feed) or "no file"
        raise BadInput("the feed manifest does not announce this file", f"It announces {names}", landed.file_name)
    if expected.digest and expected.digest != landed.file_digest:
        _refuse(landed, "SHA-256", expected.digest, landed.file_digest)
    if expected.rows is not None and expected.rows != landed.records:
        _refuse(landed, "number of records", str(expected.rows), str(landed.records))
    if expected.totals is None:
        return
    came: dict[str, Decimal] = {}
    for batch in landed.batches:
        for currency, part in batch.totals.items():
            came[currency] = _sum(came.get(currency, Decimal(0)), part)
    for currency in sorted(came.keys() | expected.totals.keys()):
        announced, total = expected.totals.get(currency), came.get(currency)
        if announced is None or total is None or announced != total:
            what = f"total of amount in {currency}" if currency else "total of amounts without currency"
            _refuse(landed, what, _figure(announced), _figure(total))


def missing_files(feed: Feed, loaded: Collection[str]) -> list[Expected]:
    """The files that are announced and have not been loaded, in the manifest's order."""
    return [expected for name, expected in feed.items() if name not in loaded]


def _expected(declared: dict[str, Any], file: str) -> Expected:
    where = f"{file} [[file]]"
    known_keys(declared, {"name", "rows", "totals", "by", "sha256"}, where)
    rows = declared.get("rows")
    if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 0):
        raise ConfigurationError(f"{where} rows must be a whole number")
    by = declared.get("by")
    if by is not None and not isinstance(by, time):
        raise ConfigurationError(f"{where} by must be a local time such as 20:00:00, without quotes")
    totals = declared.get("totals")
    return Expected(
        name=text(declared.get("name"), f"{where} name"),
        rows=rows,
        totals=None if totals is None else _totals(table(totals, f"{where} totals"), where),
        by=by,
        digest=text(declared.get("sha256", ""), f"{where} sha256").lower(),
    )


def _totals(declared: dict[str, Any], where: str) -> Mapping[str, Decimal]:
    totals = {}
    for currency, figure in declared.items():
        try:
            totals[currency] = Decimal(text(figure, f"{where} totals.{currency}"))
        except InvalidOperation:
            raise ConfigurationError(f"{where} totals.{currency} is {figure!r}, not a number") from None
        if not totals[currency].is_finite():
            raise ConfigurationError(f"{where} totals.{currency} is {figure!r}, not a finite number")
    return MappingProxyType(totals)


def _sum(one: Decimal, other: Decimal) -> Decimal:
    """Exact, whatever the precision of the caller's decimal context."""
    with localcontext(prec=100):
        return one + other


def _figure(total: Decimal | None) -> str:
    return "none" if total is None else format(total, "f")


def _refuse(landed: Landed, what: str, announced: str, came: str) -> None:
    raise BadInput(
        f"the {what} is {came}; the feed manifest announces {announced}",
        "Nothing was loaded. Ask the sender for the complete file, or for a corrected manifest",
        file=landed.file_name,
    )
