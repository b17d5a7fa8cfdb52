"""doctor: what is installed, and whether a workspace can work; each line is a fact, found now."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from regreport import __version__, app
from regreport.errors import RegreportError
from regreport.model.obligation import Cell
from regreport.pipeline import Home, check_ways
from regreport.plan import check_channel, is_business_day
from regreport.regime import find_regime
from regreport.settings import FILE, Settings, load_settings

PACKAGES: Final = (
    "polars",
    "lxml",
    "sqlalchemy",
    "alembic",
    "pydantic-settings",
    "typer",
    "rich",
    "holidays",
    "cryptography",
)
EXTRAS: Final = {"aws": "boto3", "sftp": "asyncssh", "console": "starlette", "mysql": "pymysql"}


@dataclass(frozen=True)
class Line:
    """One fact."""

    ok: bool
    what: str
    found: str


def doctor(workspace: Path) -> list[Line]:
    """The facts about this installation, and about the workspace if there is one."""
    lines = [*_installation()]
    if not (workspace / FILE).exists():
        return [
            *lines,
            Line(True, "workspace", f"none at {workspace} (no {FILE}); make one with: regreport init --from YOUR_FILE"),
        ]
    try:
        settings, digest = load_settings(workspace)
    except RegreportError as error:
        return [*lines, Line(False, FILE, str(error))]
    lines.append(
        Line(
            True,
            FILE,
            f"{len(settings.entities)} entities, {len(settings.destinations)} destinations, sha256 {digest[:16]}",
        )
    )
    return [*lines, *_configuration(settings, workspace), *_ledger(workspace)]


def _installation() -> Iterator[Line]:
    yield Line(
        sys.version_info >= (3, 11),
        "python",
        f"{platform.python_version()} on {platform.system()} {platform.machine()}",
    )
    yield Line(True, "regreport", __version__)
    for name in PACKAGES:
        try:
            yield Line(True, name, version(name))
        except PackageNotFoundError:
            yield Line(False, name, "not installed; install regreport again")
    for extra, module in EXTRAS.items():
        there = find_spec(module) is not None
        yield Line(
            True, f"extra [{extra}]", "installed" if there else f"not installed (pip install 'regreport[{extra}]')"
        )
    for group in ("regreport.regimes", "regreport.channels"):
        names = sorted(e.name for e in entry_points(group=group))
        yield Line(bool(names), group, ", ".join(names) or "none found; install regreport again")


def _configuration(settings: Settings, workspace: Path) -> Iterator[Line]:
    for destination in settings.destinations:
        try:
            ZoneInfo(destination.zone)
            is_business_day(app.the_clock().now().date(), destination.calendar)
            app.open_channel(destination, workspace)
            yield Line(
                True,
                f"destination {destination.name}",
                f"{destination.channel}, {destination.zone}, {destination.calendar}",
            )
        except RegreportError as error:
            yield Line(False, f"destination {destination.name}", str(error))
    for entity in settings.entities:
        roles = ", ".join(f"{r.jurisdiction} {r.report_type}" for r in entity.roles)
        yield Line(bool(roles), f"entity {entity.name}", roles or "has no role: nothing is ever owed for it")


def _ledger(workspace: Path) -> Iterator[Line]:
    try:
        home = app.build(workspace)
    except RegreportError as error:
        yield Line(False, "ledger", str(error))
        return
    try:
        days = home.ledger.batch_days()
        yield Line(
            True, "ledger", f"reachable, {len(days)} days with source records, {len(home.ledger.chains())} chains"
        )
        yield from _ways(home)
    finally:
        app.close(home)


def _ways(home: Home) -> Iterator[Line]:
    """Whether each role's reports could leave by its destination's channel: persons' data, recipients, keys."""
    seen = {}
    for entity in home.settings.entities:
        for role in entity.roles:
            seen[role.jurisdiction, role.report_type, role.regime, role.destination] = role
    for role in seen.values():
        what = f"{role.jurisdiction} {role.report_type} to {role.destination}"
        try:
            regime = find_regime(role.jurisdiction, role.report_type, role.regime)
            destination = home.settings.destination(role.destination)
            check_channel(destination, holds_persons=regime.holds_persons, public_url=home.settings.public_url)
            check_ways(home, [(Cell(role.jurisdiction, role.report_type, regime.id), role.destination)])
            yield Line(True, what, f"{regime.id} by {destination.channel}")
        except RegreportError as error:
            yield Line(False, what, str(error))
