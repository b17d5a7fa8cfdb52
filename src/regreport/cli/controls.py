"""Commands of control: reconcile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regreport.cli.exits import Exit
from regreport.cli.options import AsOption, JsonOption, WorkspaceOption, at_home, parse_date
from regreport.cli.printing import print_json, print_lines, print_table
from regreport.cli.revealing import RevealOption, note_reveal

if TYPE_CHECKING:
    from regreport.pipeline import Home
    from regreport.reconciling import Reconciled
    from regreport.regime import Regime

SHOWN_MAX = 20
"""Breaks, and differing fields, that a person is shown; all of them go to --output."""
JSON_MAX = 1_000
_BUCKETS = {
    "aligned": "aligned",
    "differing": "differing",
    "only_ours": "only ours",
    "only_theirs": "only theirs",
}

FromOption = Annotated[str, typer.Option("--from", help="First trading day that it covers (default: its first).")]
ToOption = Annotated[str, typer.Option("--to", help="Last trading day that it covers (default: its last).")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(reconcile)


def reconcile(
    extract: Annotated[Path, typer.Argument(help="The authority's extract: the regime's message as XML, or CSV.")],
    regime: Annotated[str, typer.Option("--regime", help="Whose reports they are, e.g. mifir.")],
    start: FromOption = "",
    end: ToOption = "",
    entity: Annotated[
        str, typer.Option("--entity", help="The one entity that it covers, by LEI or name (default: those in it).")
    ] = "",
    jurisdiction: Annotated[str, typer.Option("--jurisdiction", help="EU or UK, where it reports in both.")] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write every break to this CSV file.")] = None,
    reveal: RevealOption = "",
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """The authority's extract against our books and the source: aligned, differing, only ours, only theirs.

    Kept as evidence (RTS 22 Article 15(3)). Exit 1 where anything is not aligned.
    """
    from regreport import reconciling

    with at_home(workspace, actor, writes=True) as home:
        what = reconciling.regime_asked(regime)
        asked = reconciling.Asked(
            parse_date(start) if start else None, parse_date(end) if end else None, _lei(home, entity), jurisdiction
        )
        done = reconciling.reconcile(home, what, extract, asked)
        persons = note_reveal(home, f"reconciliation of {extract.name}", reveal)
        if output is not None:
            reconciling.write_breaks(done, what, output, persons=persons)
        if as_json:
            print_json(_as_json(reconciling.summary(done), done, what, persons=persons))
        else:
            _tell(home, reconciling.summary(done), done, what, persons=persons)
    if done.broken:
        raise typer.Exit(Exit.LOOK)


def _lei(home: Home, entity: str) -> str:
    """The LEI of an entity given by LEI or name. Raises BadInput."""
    from regreport.errors import BadInput

    known = {e.lei: e.name for e in home.settings.entities}
    if not entity or entity in known:
        return entity
    found = [lei for lei, name in known.items() if name == entity]
    if len(found) != 1:
        raise BadInput("no such entity", f"Known: {', '.join(known.values())}", field="--entity", value=entity)
    return found[0]


def _fields(done: Reconciled, regime: Regime, *, persons: bool) -> Any:
    from regreport import reconciling

    return done.fields if persons else reconciling.hidden(regime, done.fields)


def _as_json(told: dict[str, Any], done: Reconciled, regime: Regime, *, persons: bool) -> dict[str, Any]:
    fields: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in _fields(done, regime, persons=persons).head(JSON_MAX * 10).to_dicts():
        one = {k: row[k] for k in ("field", "name", "column", "ours", "theirs", "source", "age_days")}
        fields.setdefault((row["entity"], row["reference"]), []).append(one)
    hidden = ("position", "source_line", "batch_id")
    breaks = [
        {k: v for k, v in row.items() if k not in hidden}
        | {"fields": fields.get((row["entity"], row["reference"]), []) if row["bucket"] == "differing" else []}
        for row in done.breaks.head(JSON_MAX).to_dicts()
    ]
    return told | {"breaks": breaks, "breaks_not_shown": max(0, done.breaks.height - JSON_MAX)} | done.digests


def _tell(home: Home, told: dict[str, Any], done: Reconciled, regime: Regime, *, persons: bool) -> None:
    extract = told["extract"]
    print_lines(f"{extract['file']}: {extract['records']} records, sha256 {extract['sha256']}")
    print_lines(f"Compared: {extract['fields_compared']} columns of {regime.id}")
    names = {e.lei: e.name for e in home.settings.entities}
    for entity, span in told["ranges"].items():
        print_lines(f"  {names.get(entity, entity)}: {span['from']} to {span['to']}")
    if told["not_covered"]:
        print_lines(f"Not covered: {', '.join(names.get(e, e) for e in told['not_covered'])}")
    if extract["left_out"]:
        print_lines(f"Lines of the extract outside this range: {extract['left_out']}")
    if extract["columns_ignored"]:
        print_lines(f"Columns that are no field of {regime.id}: {', '.join(extract['columns_ignored'])}")
    print()
    rows = [(words, told["counts"][bucket]) for bucket, words in _BUCKETS.items()]
    print_table("", ("bucket", "records"), rows, right=("records",))
    _tell_breaks(done)
    _tell_fields(_fields(done, regime, persons=persons), told)
    print_lines(f"Kept as evidence: {done.digests['summary_digest']}")


def _tell_breaks(done: Reconciled) -> None:
    if done.breaks.is_empty():
        return
    columns = ["bucket", "status", "reference", "age_days", "why"]
    rows = [[_BUCKETS[row["bucket"]], *(row[c] for c in columns[1:])] for row in done.one_sided(SHOWN_MAX)]
    if rows:
        print_table("Breaks", ("bucket", "status", "reference", "days", "why"), rows, right=("days",))


def _tell_fields(fields: Any, told: dict[str, Any]) -> None:
    if not told["by_field"]:
        return
    counted = [(f["field"], f["column"], f["count"]) for f in told["by_field"]]
    print_table("Differing by field", ("field", "column", "records"), counted, right=("records",))
    columns = ["reference", "field", "name", "ours", "theirs", "source", "age_days"]
    rows = [[row[c] for c in columns] for row in fields.head(SHOWN_MAX).to_dicts()]
    print_table("Differing", ("reference", "field", "name", "ours", "theirs", "source", "days"), rows, right=("days",))
