"""Commands about what happened: findings, explain."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from regreport.cli.exits import Exit
from regreport.cli.options import AsOption, JsonOption, WorkspaceOption, at_home
from regreport.cli.printing import print_json, print_lines, print_pairs, print_table
from regreport.cli.revealing import RevealOption, note_reveal


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    for command in (findings, explain):
        app.command()(command)


def findings(
    report_id: Annotated[str, typer.Argument(help="A report id.")],
    warnings: Annotated[bool, typer.Option("--warnings/--errors-only", help="Show warnings too.")] = True,
    reveal: RevealOption = "",
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """What was found wrong with a report's records, grouped by cause. Exit 1 where there are errors."""
    from regreport.evidence import explain as evidence
    from regreport.masking import masked_row

    with at_home(workspace, actor, writes=bool(reveal)) as home:
        table = evidence.findings_of(home.ledger, home.store, report_id)
        shown = note_reveal(home, f"findings of {report_id}", reveal)
    rows = [r for r in table.to_dicts() if warnings or r["severity"] == "error"]
    if not shown:
        rows = [masked_row(r, r["path"]) for r in rows]
    if as_json:
        print_json(rows)
    else:
        _show_findings(rows)
    if any(r["severity"] == "error" for r in rows):
        raise typer.Exit(Exit.LOOK)


SHOWN_PER_CAUSE = 5


def _show_findings(rows: list[dict[str, Any]]) -> None:
    causes: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        causes.setdefault((row["severity"], row["rule"], row["field"], row["message"]), []).append(row)
    if not causes:
        print_lines("No findings")
    for (severity, rule, field, message), found in sorted(causes.items(), key=lambda c: (c[0][0], -len(c[1]))):
        print_lines(f"{severity.upper():<11} {rule:<14} field {field:<6} {len(found):>6} x  {message}")
        for row in found[:SHOWN_PER_CAUSE]:
            if row["record"] is not None:
                name, line = row["reference"] or "", row["source_line"]
                print_lines(f"              {name}  value {row['value']!r}  (source record {line})")
        if len(found) > SHOWN_PER_CAUSE:
            print_lines(f"              ... and {len(found) - SHOWN_PER_CAUSE} more (--json lists all)")


def explain(
    report_id: Annotated[str, typer.Argument(help="A report id.")] = "",
    record: Annotated[str, typer.Option("--record", "-r", help="A record's transaction id or reference.")] = "",
    reveal: RevealOption = "",
    workspace: WorkspaceOption = None,
    actor: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """What happened to a report or a record, from the source row to the authority's answer, in words."""
    from regreport.errors import BadInput
    from regreport.evidence import explain as evidence
    from regreport.masking import masked_story

    if bool(report_id) == bool(record):
        raise BadInput("give a report id, or --record with a record's id", "")
    with at_home(workspace, actor, writes=bool(reveal)) as home:
        if record:
            stories = evidence.explain_record(home.ledger, home.store, record)
            if not note_reveal(home, f"record {record}", reveal):
                stories = [evidence.RecordStory(*masked_story(s.source, s.regimes)) for s in stories]
        else:
            told = evidence.explain_report(home.ledger, home.store, report_id)
    if as_json:
        print_json(stories if record else told)
    elif record:
        for story in stories:
            _tell_record(story)
    else:
        _tell_report(told)


def _tell_record(story: Any) -> None:
    source = dict(story.source)
    place = f"record {source.pop('source_line')} of {source.pop('file')}"
    loaded = f"loaded {source.pop('loaded_at')} by {source.pop('loaded_by')}"
    print_lines(f"Record {source.get('transaction_id')}: {place}, {loaded}")
    print_pairs(source)
    for under in story.regimes:
        decision = under.get("decision", {})
        print_lines("", f"Under {under['regime']} ({under['obligation']}, due {under['due_at']})")
        print_lines(
            f"  Decision: {decision.get('category', 'none')}"
            + (f" by {decision['rule']}" if decision.get("rule") else "")
        )
        print_pairs({k: decision.get(k) for k in ("reason", "missing", "sentence", "source", "confidence")}, "    ")
        for finding in under.get("findings", []):
            where = f"{finding['rule']} field {finding['field']}"
            print_lines(f"  {finding['severity']}: {where}: {finding['message']} (value {finding.get('value')!r})")
        for line in under.get("lines", []):
            place = f"record {line['record_in_file']} of {line['file']}"
            print_lines(f"  {line['action']} {line['reference']}: {place} in {line['report_id']} ({line['status']})")
            for handed in line["delivered"]:
                print_lines(f"    {handed['outcome']} {handed['at']} by {handed['channel']}: {handed['receipt']}")
            said = f" {line['rule']}: {line['said']}" if line["rule"] else ""
            print_lines(f"    the authority: {line['outcome']}{said}")


def _tell_report(told: dict[str, Any]) -> None:
    print_lines(f"Report {told['report']['report_id']}")
    print_pairs({k: v for k, v in told["report"].items() if k != "report_id"})
    columns = ("name", "records", "size", "digest")
    print_table("Files", columns, [[f[c] for c in columns] for f in told["files"]], right=("records", "size"))
    print_pairs({"outcomes": ", ".join(f"{k} {v}" for k, v in told["outcomes"].items())})
    rows = [
        (
            e["sequence"],
            e["at"].isoformat(),
            e["actor"],
            e["kind"],
            "; ".join(f"{k}={v}" for k, v in e["detail"].items() if v),
        )
        for e in told["events"]
    ]
    print_table("Events", ("no", "at (UTC)", "who", "what", "detail"), rows)
