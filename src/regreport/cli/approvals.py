"""Commands of two persons: approvals, approve, reject, resolve."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from regreport.cli.options import AsOption, JsonOption, WorkspaceOption, at_home
from regreport.cli.printing import print_json, print_lines, print_table

NameArgument = Annotated[str, typer.Argument(help="A request (R-...), or the report that it is about.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept for ever.")]
OutcomeOption = Annotated[
    list[str], typer.Option("--as", help="delivered or resend; given a second time: who is acting.")
]
UserOption = Annotated[str, typer.Option("--user", help="Who is acting (default: REGREPORT_ACTOR).")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    for command in (approvals, approve, reject, resolve):
        app.command()(command)


def approvals(
    every: Annotated[bool, typer.Option("--all", help="Those that are decided too.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What waits for a second person."""
    from regreport.pipeline.approving import open_requests

    with at_home(workspace) as home:
        found = home.ledger.requests() if every else open_requests(home)
    if as_json:
        print_json(found)
    elif not found:
        print_lines("Nothing waits for a second person")
    else:
        rows = [(r.request_id, r.kind, r.subject, r.requested_by, r.reason, _decision(r.decision)) for r in found]
        print_table("", ("request", "kind", "about", "asked by", "reason", "decision"), rows)


def _decision(decision: object) -> str:
    from regreport.model.approval import Decision

    return f"{decision.verdict.value} by {decision.decided_by}" if isinstance(decision, Decision) else "open"


def approve(name: NameArgument, reason: ReasonOption, workspace: WorkspaceOption = None, actor: AsOption = "") -> None:
    """Approve what somebody else asks for. It is what was seen, by its digest, and nothing else."""
    _decide(name, "approved", reason, workspace, actor)


def reject(name: NameArgument, reason: ReasonOption, workspace: WorkspaceOption = None, actor: AsOption = "") -> None:
    """Reject what somebody else asks for; a rejected correction never leaves."""
    _decide(name, "rejected", reason, workspace, actor)


def _decide(name: str, verdict: str, reason: str, workspace: WorkspaceOption, actor: str) -> None:
    from regreport.model.approval import Verdict
    from regreport.persons.ends import follow
    from regreport.pipeline.approving import decide

    reason_given(reason)
    with at_home(workspace, acting(actor), writes=True) as home:
        done = decide(home, name, Verdict(verdict), reason)
        ended = follow(home, done.request)
    next_ = ended or done.next
    print_lines(f"{done.request.request_id} ({done.request.kind} of {done.request.subject}) {verdict}: {next_}")


def resolve(
    report_id: Annotated[str, typer.Argument(help="A report whose delivery is unknown.")],
    reason: ReasonOption,
    outcome: OutcomeOption,
    user: UserOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Say what became of an unknown delivery: it arrived, or it is to be sent again. A second person has to agree."""
    from regreport.pipeline.approving import RESOLUTIONS
    from regreport.pipeline.approving import resolve as ask

    reason_given(reason)
    wanted, actor = _told_apart(outcome, RESOLUTIONS)
    with at_home(workspace, acting(user or actor), writes=True) as home:
        asked = ask(home, report_id, wanted, reason)
    print_lines(
        f"{asked.request_id}: {asked.kind} of {report_id}, asked by {asked.requested_by}. Somebody else: "
        f"regreport approve {report_id} --reason ..."
    )


def _told_apart(given: Sequence[str], outcomes: Sequence[str]) -> tuple[str, str]:
    """(outcome, person) of what `--as` was given. Raises BadInput."""
    from regreport.errors import BadInput

    wanted = [value for value in given if value in outcomes]
    persons = [value for value in given if value not in outcomes]
    if len(wanted) != 1 or len(persons) > 1:
        raise BadInput("one outcome is needed", f"Known: {', '.join(outcomes)}", field="--as", value=" ".join(given))
    return wanted[0], "".join(persons)


def acting(actor: str) -> str:
    """Who acts, by name. Raises NotApproved where nobody says so."""
    from regreport.app import ACTOR_VARIABLE
    from regreport.pipeline.approving import named

    return named(actor or os.environ.get(ACTOR_VARIABLE, ""))


def reason_given(reason: str) -> None:
    """Raises BadInput where no reason is given."""
    from regreport.errors import BadInput

    if not reason.strip():
        raise BadInput("a reason is needed: somebody will ask in some years", field="--reason")
