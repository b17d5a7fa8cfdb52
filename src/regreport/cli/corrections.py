"""Commands that change what was loaded: correct."""

from __future__ import annotations

from typing import Annotated

import typer

from regreport.cli.options import AsOption, JsonOption, OptionalDate, WorkspaceOption, at_home, parse_date
from regreport.cli.printing import print_json, print_lines, print_table


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(correct)


def correct(
    record: Annotated[str, typer.Option("--record", help="The transaction_id of the source record.")],
    sets: Annotated[list[str], typer.Option("--set", help="COLUMN=VALUE, in canonical columns; several are allowed.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept for ever.")],
    preview: Annotated[bool, typer.Option("--preview", help="Only show what would be sent.")] = False,
    date: OptionalDate = "",
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Record that one value of a record is another one. The original stays; what is sent waits for a second person."""
    from regreport import app
    from regreport.cli.approvals import acting, reason_given
    from regreport.corrections import delta, record_delta
    from regreport.masking import masked
    from regreport.preview import preview as previewed

    reason_given(reason)
    with at_home(workspace, acting(actor), writes=True) as home:
        asked = delta(home, record, _told(sets), parse_date(date) if date else None)
        entity, on = asked.standing.entity, asked.standing.on
        if preview:
            lines = previewed(
                home, app.find_workspace(workspace), lambda copy: record_delta(copy, asked, reason), entity, on
            )
            batch = None
        else:
            lines, batch = [], record_delta(home, asked, reason)
    changes = {
        name: {"from": masked(name, before), "to": masked(name, after)}
        for name, (before, after) in asked.changes.items()
    }
    if as_json:
        print_json({"record": record, "changes": changes, "batch": batch, "would_send": lines})
        return
    print_lines(*(f"{record} {name}: {told['from']!r} -> {told['to']!r}" for name, told in changes.items()))
    if batch:
        print_lines(f"Recorded as {batch.batch_id}. Next: regreport run --date {on}, and a second person")
        return
    rows = [(line.report_id, line.action, line.reference) for line in lines]
    print_table("Would be sent", ("report", "action", "reference"), rows)
    print_lines("Nothing was changed (--preview)")


def _told(sets: list[str]) -> dict[str, str]:
    from regreport.errors import BadInput

    found: dict[str, str] = {}
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals or name in found:
            raise BadInput("not one COLUMN=VALUE for each column", "Write --set price=16.85", field="--set", value=text)
        found[name.strip()] = value
    return found
