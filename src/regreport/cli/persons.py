"""Commands about natural persons: persons export, persons keys list, persons keys destroy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regreport.cli.approvals import acting, reason_given
from regreport.cli.options import AsOption, JsonOption, WorkspaceOption, at_home
from regreport.cli.printing import print_json, print_lines, print_table

persons = typer.Typer(no_args_is_help=True, help="Natural persons: what is kept of them, and how it ends.")
keys = typer.Typer(no_args_is_help=True, help="The keys that objects with persons are encrypted under, by period.")

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger (no person's name in it).")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    persons.command("export")(export)
    keys.command("list")(keys_list)
    keys.command("destroy")(keys_destroy)
    persons.add_typer(keys, name="keys")
    app.add_typer(persons, name="persons")


def export(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write; none is overwritten.")],
    identifier: Annotated[str, typer.Option("--id", help="National id, passport or CONCAT.")] = "",
    name: Annotated[str, typer.Option("--name", help='"First Surname", or "First|Van Surname".')] = "",
    born: Annotated[str, typer.Option("--born", help="Birth date, YYYY-MM-DD, with --name.")] = "",
    reason: ReasonOption = "subject access",
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Everything that is kept about one person: source rows, report lines, feedback. Exit 1 where there is nothing."""
    from regreport.cli.exits import Exit
    from regreport.persons.export import export as write
    from regreport.persons.find import person

    with at_home(workspace, actor, writes=True) as home:
        found = write(home, person(identifier, name, born), output, reason)
    told = {"source_rows": len(found.source_rows), "report_lines": len(found.report_lines), "ended": len(found.ended)}
    if as_json:
        print_json(told | {"file": str(output)})
    else:
        print_lines(f"{told['source_rows']} source rows, {told['report_lines']} report lines; wrote {output}")
        if found.ended:
            print_lines(f"{len(found.ended)} batches and reports have ended with their keys")
    if not found.count:
        raise typer.Exit(Exit.LOOK)


def keys_list(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Every key there is or was: what is under it, its last duty, and whether it may go."""
    from regreport.persons.ends import states

    with at_home(workspace) as home:
        today = home.now().date()
        rows = [
            {
                "key": s.key.key_id,
                "objects": s.objects,
                "last_duty": s.last_duty.isoformat() if s.last_duty else "",
                "holds": list(s.holds),
                "created_at": s.key.created_at,
                "destroyed_at": s.key.destroyed_at,
                "destroyed_by": s.key.destroyed_by,
                "may_go": not s.key.destroyed_at and not s.refusal(today),
            }
            for s in states(home)
        ]
    if as_json:
        print_json(rows)
        return
    print_table(
        "",
        ("key", "objects", "last duty", "state"),
        [(r["key"], r["objects"], r["last_duty"], _state(r)) for r in rows],
        right=("objects",),
    )


def _state(row: dict[str, object]) -> str:
    if row["destroyed_at"]:
        return f"destroyed on {str(row['destroyed_at'])[:10]} by {row['destroyed_by']}"
    if row["holds"]:
        return "under legal hold"
    return "may be destroyed" if row["may_go"] else "in use"


def keys_destroy(
    key_id: Annotated[str, typer.Argument(help="A key, such as mifir-2036.")],
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
) -> None:
    """Ask that a key goes, after the last duty to keep anything under it; a second person has to approve."""
    from regreport.persons.ends import ask

    reason_given(reason)
    with at_home(workspace, acting(actor), writes=True) as home:
        asked = ask(home, key_id, reason)
    if asked is None:
        print_lines(f"{key_id} is destroyed; everything under it has ended")
        return
    print_lines(
        f"{asked.request_id}: {asked.kind} of {key_id}, asked by {asked.requested_by}. Somebody else: "
        f"regreport approve {key_id} --reason ..."
    )
