"""The command files: a report's files out of the encrypted store, for whoever has to look at one or hand it over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regreport.cli.options import AsOption, WorkspaceOption, at_home
from regreport.cli.printing import print_lines


def register(app: typer.Typer) -> None:
    """Add the command of this room."""
    app.command()(files)


def files(
    report_id: Annotated[str, typer.Argument(help="A report id.")],
    to: Annotated[Path, typer.Option("--to", help="An existing folder; nothing in it is overwritten.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.")],
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
) -> None:
    """Write a report's files in plain, as they were stored; the ledger notes who did and why."""
    from regreport.pipeline.taking import take_out

    with at_home(workspace, actor, writes=True) as home:
        print_lines(*(f"Wrote {path}" for path in take_out(home, report_id, to, reason)))
