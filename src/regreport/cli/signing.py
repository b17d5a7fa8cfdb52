"""Commands of a control owner: sign-off, and the alerts that were raised."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from regreport.cli.exits import Exit
from regreport.cli.options import AsOption, DateOption, JsonOption, WorkspaceOption, at_home, parse_date
from regreport.cli.printing import print_json, print_lines, print_table, visible


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("sign-off")(sign_off)
    app.command()(alerts)


def sign_off(
    date: DateOption,
    comment: Annotated[str, typer.Option("--comment", help="What is open, named, and why that is accepted.")],
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Sign a day off. Refused while records are unaccounted for, or something open is not named in the comment."""
    from regreport.cli.approvals import acting
    from regreport.pipeline import signing
    from regreport.pipeline.mailing import mail_sign_offs

    on = parse_date(date)
    with at_home(workspace, acting(actor), writes=True) as home:
        refused = signing.refusals(signing.look_at(home, on), comment)
        signed = None if refused else signing.sign_off(home, on, comment)
        unsent = mail_sign_offs(home) if signed else []
    for words in unsent:
        print(f"regreport: {visible(words)}; confirm tries again", file=sys.stderr)
    if as_json:
        print_json({"date": on, "signed": signed, "refused": refused})
    elif signed:
        print_lines(f"{on} signed off by {signed.signed_by} (number {signed.number}, account {signed.digest})")
    else:
        print_lines(f"{on} is not signed off:", *(f"  {words}" for words in refused))
    if refused:
        raise typer.Exit(Exit.LOOK)


def alerts(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What was raised, each once, by whom it was told, and whether it still needs a person."""
    from regreport.pipeline.alerting import alerts_due, told_by

    with at_home(workspace) as home:
        due = {(d.kind, d.subject) for d in alerts_due(home)}
        found = [
            {**vars(a), "open": (a.kind, a.subject) in due, "told_by": told_by(home, a)} for a in home.ledger.alerts()
        ]
    if as_json:
        print_json(found)
    elif not found:
        print_lines("No alert was ever raised")
    else:
        rows = [
            (a["raised_at"], a["kind"], a["subject"], a["words"], "open" if a["open"] else "", ", ".join(a["told_by"]))
            for a in found
        ]
        print_table("", ("raised (UTC)", "kind", "about", "words", "open", "told by"), rows)
