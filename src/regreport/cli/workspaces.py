"""Commands about a workspace: init, load, refdata, simulate, demo, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regreport.cli.options import AsOption, DateOption, JsonOption, OptionalDate, WorkspaceOption, at_home, parse_date
from regreport.cli.printing import print_json, print_lines, print_table

refdata = typer.Typer(no_args_is_help=True, help="Reference data: dated snapshots of instruments, LEIs and MICs.")


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    for command in (init, load, simulate, demo, doctor):
        app.command()(command)
    refdata.command("load")(refdata_load)
    refdata.command("list")(refdata_list)
    app.add_typer(refdata, name="refdata")


def init(
    source: Annotated[Path, typer.Option("--from", help="A sample of your own file (CSV, Parquet, NDJSON).")],
    kind: Annotated[str, typer.Option("--kind", help="Kind of source record.")] = "transaction",
    workspace: WorkspaceOption = None,
) -> None:
    """Make a workspace around your own file: a proposed mapping, and settings to fill in."""
    from regreport import app, intake

    done = intake.init(app.find_workspace(workspace), source, kind)
    print_lines(*done.report, "", f"Wrote {done.mapping}")
    if done.settings:
        print_lines(f"Wrote {done.settings}: fill in names, countries and destinations, then: regreport load {source}")


def load(
    sources: Annotated[list[str], typer.Argument(help="Files (CSV, Parquet, NDJSON), or a SQLAlchemy URL.")],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", "-m", help="The mapping (default: the workspace's only one).")
    ] = None,
    date: OptionalDate = "",
    entity: Annotated[str | None, typer.Option("--entity", help="Whose day it is, for a file without records.")] = None,
    query: Annotated[str | None, typer.Option("--query", help="SQL query, with a URL.")] = None,
    table: Annotated[str | None, typer.Option("--table", help="Table or view, with a URL.")] = None,
    feed: Annotated[
        Path | None, typer.Option("--feed", help="Feed manifest: files, counts and totals expected.")
    ] = None,
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Land source records: all of a file, or nothing of it. The same file twice changes nothing."""
    from regreport import app, intake

    asked = intake.Asked(parse_date(date) if date else None, entity, query, table, feed)
    done = []
    with at_home(workspace, actor, writes=True) as home:
        try:
            for loaded in intake.load_each(home, app.find_workspace(workspace), sources, mapping, asked):
                done.append(loaded)
                if not as_json:
                    _tell_loaded(loaded)
        finally:
            if as_json:
                print_json(done)


def _tell_loaded(loaded: object) -> None:
    from regreport.intake import Loaded, totals_words

    assert isinstance(loaded, Loaded)
    if loaded.before:
        first = loaded.before[0]
        when = f"{first.loaded_at:%Y-%m-%d %H:%M} by {first.loaded_by}"
        print_lines(f"{loaded.file}: already loaded ({when}); nothing changed")
        return
    print_lines(f"{loaded.file}: {loaded.records} records, sha256 {loaded.sha256}")
    rows = [(b.entity, b.business_date, b.rows, totals_words(b.totals)) for b in loaded.batches]
    print_table("", ("entity", "date", "records", "control totals"), rows, right=("records",))
    for column, count in loaded.faults.items():
        values = f"{count} value{'' if count == 1 else 's'} not understood"
        print_lines(f"  {column}: {values}; the records are held (see: regreport balance --records held)")
    if loaded.unmapped:
        print_lines(f"  columns the mapping neither uses nor ignores: {', '.join(loaded.unmapped)}")
    for column, count in loaded.composed.items():
        print_lines(f"  {column}: {count} names brought to composed letters (NFC)")


def refdata_load(
    dataset: Annotated[str, typer.Argument(help="instruments, leis or mics.")],
    file: Annotated[Path, typer.Argument(help="The snapshot as CSV.")],
    date: DateOption,
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Land a dated snapshot; reports of that date and later use it until a newer one."""
    from regreport import intake

    with at_home(workspace, actor, writes=True) as home:
        digest, rows = intake.load_reference(home, dataset, file, parse_date(date))
    if as_json:
        print_json({"dataset": dataset, "date": date, "rows": rows, "sha256": digest})
    else:
        print_lines(f"{dataset} of {date}: {rows} rows, sha256 {digest}")


def refdata_list(date: DateOption, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Which snapshot of each data set is in force on a date."""
    from regreport.regime import regimes

    on = parse_date(date)
    names = dict.fromkeys(d for r in regimes().values() for d in r.datasets)
    with at_home(workspace) as home:
        found = {name: home.ledger.snapshot(name, on) for name in names}
    rows = [
        (name, entry[0] if entry else "none: rules that need it say 'not checked'", entry[1] if entry else "")
        for name, entry in found.items()
    ]
    if as_json:
        print_json(
            [{"dataset": n, "date": e[0] if e else None, "sha256": e[1] if e else None} for n, e in found.items()]
        )
    else:
        print_table("", ("data set", "in force", "sha256"), rows)


def simulate(
    destination: Annotated[
        str, typer.Option("--destination", help="One destination; none: all with a folder channel.")
    ] = "",
    behaviour: Annotated[
        str, typer.Option("--behaviour", help="accept, reject-some, reject-all, late, never, twice, pending.")
    ] = "accept",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the simulated regulators answer what lies in the outboxes. Never run it against a real inbox."""
    from regreport import app, rehearsal

    done = rehearsal.simulate(app.find_workspace(workspace), destination, behaviour)
    if as_json:
        print_json(done)
    else:
        print_lines(*(f"{a.destination}: answered {a.file} with {a.answer}" for a in done))
        if not done:
            print_lines("Nothing to answer")


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to make the demo's workspace; it starts afresh.")] = Path(
        "demo-out"
    ),
    as_json: JsonOption = False,
) -> None:
    """A made-up firm's trading day from source to confirmed, with planted defects, the same on every run."""
    from regreport import rehearsal
    from regreport.cli import views

    views.show_demo(rehearsal.demo(folder), folder, as_json=as_json)


def doctor(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What is installed and whether the workspace can work: for bug reports, and before the first run."""
    from regreport import app, checkup
    from regreport.cli.exits import Exit

    lines = checkup.doctor(app.find_workspace(workspace))
    if as_json:
        print_json(lines)
    else:
        print_table(
            "", ("", "what", "found"), [("ok" if line.ok else "PROBLEM", line.what, line.found) for line in lines]
        )
    if not all(line.ok for line in lines):
        raise typer.Exit(Exit.LOOK)
