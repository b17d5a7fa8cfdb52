"""Commands about a day: run, the four steps, status, balance, findings, simulate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from regreport.cli.exits import Exit
from regreport.cli.options import (
    THREADS_VARIABLE,
    AsOption,
    DateOption,
    EntityOption,
    JsonOption,
    JurisdictionOption,
    OptionalDate,
    RegimeOption,
    ReportTypeOption,
    WorkspaceOption,
    at_home,
    parse_date,
)

WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Threads that work on columns (default: one).")
]
ReportIds = Annotated[list[str] | None, typer.Argument(help="Report ids; none: everything that is due for the step.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(run)
    for step, words in STEPS.items():
        app.command(step, help=words)(_command_of(step))
    app.command()(status)
    app.command()(balance)


def run(
    date: DateOption,
    jurisdiction: JurisdictionOption = "",
    report_type: ReportTypeOption = "",
    regime: RegimeOption = "",
    entity: EntityOption = "",
    workers: WorkersOption = None,
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Generate, validate, deliver and confirm everything owed for a date. Running it again changes nothing."""
    _limit_threads(workers)
    from regreport import app, sealing
    from regreport.cli import views
    from regreport.cli.evidence import seal_words
    from regreport.cli.printing import print_lines
    from regreport.pipeline import run as run_day
    from regreport.plan import Wanted

    on = parse_date(date)
    with at_home(workspace, actor, writes=True) as home:
        ran = run_day(home, on, Wanted(jurisdiction, report_type, regime, entity))
        code = views.show_run(home, on, ran, Wanted(jurisdiction, report_type, regime, entity), as_json=as_json)
        sealed = sealing.seal(home, app.find_workspace(workspace), on) if on <= home.now().date() else None
    if sealed and not as_json:
        print_lines(*seal_words(sealed))
    if code:
        raise typer.Exit(code)


def _limit_threads(workers: int | None) -> None:
    """The column engine reads this once, when it is first imported."""
    import os

    if workers:
        os.environ[THREADS_VARIABLE] = str(workers)


STEPS = {
    "generate": "Decide what is reportable, account for every record, and make the files.",
    "validate": "Check what was generated: digests, rules, structure, counts and totals.",
    "deliver": "Hand over what was validated, at most once.",
    "confirm": "Take in the authorities' answers and settle what they are about.",
}


def _command_of(step: str) -> Callable[..., None]:
    """The command of one step; the four differ in nothing but the step."""

    def command(
        reports: ReportIds = None,
        date: OptionalDate = "",
        workspace: WorkspaceOption = None,
        actor: AsOption = "",
        as_json: JsonOption = False,
    ) -> None:
        _step(step, reports, date, workspace, actor, as_json)

    return command


def _step(step: str, reports: list[str] | None, date: str, workspace: Any, actor: str, as_json: bool) -> None:
    from regreport.cli import views
    from regreport.pipeline import run_step, states_of

    on = parse_date(date) if date else None
    with at_home(workspace, actor, writes=True) as home:
        ran = run_step(home, step, states_of(home, reports or [], on), only=frozenset(reports or []))
        code = views.show_step(home, ran, as_json=as_json)
    if code:
        raise typer.Exit(code)


def status(
    date: OptionalDate = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is owed, where it stands, and what waits for a person. Exit 1 where something does."""
    from regreport.cli.standing import show_status

    on = parse_date(date) if date else None
    with at_home(workspace) as home:
        if show_status(home, on, as_json=as_json):
            raise typer.Exit(Exit.LOOK)


def balance(
    date: OptionalDate = "",
    records: Annotated[str, typer.Option("--records", help="List the records of one category, e.g. held.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """The account of each day: every source record in one category. Exit 1 where the residual is not zero."""
    from regreport.cli import views

    on = parse_date(date) if date else None
    with at_home(workspace) as home:
        if views.show_balance(home, on, records, as_json=as_json):
            raise typer.Exit(Exit.LOOK)
