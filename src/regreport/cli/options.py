"""Options that several commands share, declared once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from regreport.pipeline import Home

THREADS_VARIABLE = "POLARS_MAX_THREADS"
"""Threads that work on columns, read when the column engine is imported. One is the default: a second one saves no time
on reports of any size, and costs a tenth more work and a quarter more memory."""

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", help="The workspace folder (default: REGREPORT_WORKSPACE, else here).", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of a table.")]
DateOption = Annotated[str, typer.Option("--date", "-d", help="The report date (trading day), YYYY-MM-DD.")]
OptionalDate = Annotated[str, typer.Option("--date", "-d", help="Only this report date, YYYY-MM-DD.")]
JurisdictionOption = Annotated[str, typer.Option("--jurisdiction", help="EU, UK, US or APAC.")]
ReportTypeOption = Annotated[str, typer.Option("--report-type", help="TRANSACTION, POSITION, COLLATERAL or MARGIN.")]
RegimeOption = Annotated[str, typer.Option("--regime", help="A regime by its id; default: the first of the cell.")]
EntityOption = Annotated[str, typer.Option("--entity", help="One entity, by LEI or name.")]
AsOption = Annotated[str, typer.Option("--as", help="Who is acting (default: REGREPORT_ACTOR, else the login name).")]


def parse_date(text: str) -> date:
    """A date from the command line. Raises BadInput."""
    from regreport.errors import BadInput

    try:
        found = date.fromisoformat(text)
        if found.isoformat() != text:  # 20261123 and 2026-W48-1 are dates too, but nobody means them here
            raise ValueError(f"Not written as YYYY-MM-DD: {text!r}")
        return found
    except ValueError as error:
        raise BadInput(f"{error}", "Write the date as YYYY-MM-DD", field="--date", value=text) from None


@contextmanager
def at_home(workspace: Path | None, actor: str = "", *, writes: bool = False) -> Iterator[Home]:
    """The home of the workspace, with a progress bar on a terminal; its ledger is closed at the end.

    `writes`: no other process may write meanwhile.
    """
    from regreport import app
    from regreport.cli.printing import progress_bar
    from regreport.failpoints import during

    folder, command = app.find_workspace(workspace), next(iter(sys.argv[1:]), "")
    with during(command), progress_bar() as progress:
        home = app.build(folder, actor=actor, progress=progress)
        try:
            if writes:
                app.hold(home, folder)
            yield home
        finally:
            app.close(home)
