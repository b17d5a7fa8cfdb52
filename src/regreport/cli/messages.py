"""Commands about messages and rule packs, which need no workspace: render, parse, check, rules, fields, coverage."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from regreport.cli.exits import Exit
from regreport.cli.options import JsonOption, JurisdictionOption, RegimeOption, ReportTypeOption
from regreport.cli.printing import print_json, print_lines, print_table

OutOption = Annotated[Path, typer.Option("--output", "-o", help="Where to write.")]
RegimeArgument = Annotated[str, typer.Argument(help="A regime by its id; none: every regime.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(render)
    app.command()(parse)
    app.command()(check)
    app.command()(rules)
    app.command()(fields)
    app.command()(coverage)
    app.command("compile-schema")(compile_schema)


def render(
    rows: Annotated[Path, typer.Argument(help="The wire table, Parquet or NDJSON, as parse writes it.")],
    output: OutOption,
    jurisdiction: JurisdictionOption = "",
    report_type: ReportTypeOption = "",
    regime: RegimeOption = "",
    fields: Annotated[bool, typer.Option("--fields", help="ROWS is the regulator's field table.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a message file from a table, without a ledger and without gates."""
    from regreport import exchange
    from regreport.regime import find_regime

    done = exchange.render_file(find_regime(jurisdiction, report_type, regime), rows, output, fields=fields)
    if as_json:
        print_json(done)
    else:
        print_lines(f"{output}: {done.records} records, {done.size} bytes, sha256 {done.sha256}")


def parse(
    file: Annotated[Path, typer.Argument(help="A message file.")],
    output: OutOption,
    fields: Annotated[bool, typer.Option("--fields", help="Write the regulator's field table instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read a message file back into a table. Exit 1 where it has faults that a table cannot hold."""
    from regreport import exchange

    done = exchange.parse_file(file, output, fields=fields)
    if as_json:
        print_json({"message": done.message, "records": done.records, "faults": done.findings.to_dicts()})
    else:
        print_lines(f"{output}: {done.records} records of {done.message}")
        _print_findings(done.findings.to_dicts())
    if done.findings.height:
        raise typer.Exit(Exit.LOOK)


def check(
    file: Annotated[Path, typer.Argument(help="A message file, with or without its envelope.")],
    rules: Annotated[bool, typer.Option("--rules", help="Run the regime's rules too, not only the schema.")] = False,
    jurisdiction: JurisdictionOption = "",
    xsd_dir: Annotated[
        Path | None,
        typer.Option("--xsd-dir", help="Your own copies of the official schemas: validate the bytes with libxml2 too."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a message file. Exit 0 clean, 1 faults, 2 not well-formed, refused, or no message that is known."""
    from regreport import app, exchange

    done = exchange.check_file(file, rules=rules, jurisdiction=jurisdiction, xsd_dir=xsd_dir, now=app.the_clock().now())
    found = done.findings.to_dicts()
    if as_json:
        print_json(
            {
                "message": done.message,
                "records": done.records,
                "findings": found,
                "schemas": done.schemas,
                "clean": not done.faulty,
            }
        )
    else:
        _print_findings(found)
        for line in done.schemas:
            print_lines(line)
        words = "clean" if not done.faulty else f"{sum(f['severity'] == 'error' for f in found)} errors"
        print_lines(f"{file}: {done.message}, {done.records} records: {words}")
    if done.faulty:
        raise typer.Exit(Exit.LOOK)


PRINTED_MAX = 200


def _print_findings(everything: list[dict[str, Any]]) -> None:
    """Findings one a line; rules that were not checked are counted by what they lacked."""
    idle = Counter(row["value"] for row in everything if row["severity"] == "not_checked")
    found = [row for row in everything if row["severity"] != "not_checked"]
    for row in found[:PRINTED_MAX]:
        where = f"record {row['record']}" if row["record"] is not None else "file"
        name = f" ({row['reference']})" if row.get("reference") else ""
        value = f" | value {row['value']!r}" if row["value"] is not None else ""
        print_lines(f"{row['rule']} | {row['severity']} | {where}{name} | {row['path']} | {row['message']}{value}")
    if len(found) > PRINTED_MAX:
        print_lines(f"... and {len(found) - PRINTED_MAX} more (--json lists all)")
    for lacking, rules_idle in sorted(idle.items()):
        print_lines(f"not checked, wholly or in part: {rules_idle} rules that need {lacking}")


def rules(
    regime: RegimeArgument = "",
    on: Annotated[str, typer.Option("--on", help="Only rules in force on this date.")] = "",
    as_json: JsonOption = False,
) -> None:
    """The rules of a regime's pack: what each finds, its source, its confidence; and what is not done, and why."""
    from regreport import coverage as covering
    from regreport.cli.options import parse_date

    listed = covering.rules(regime, parse_date(on) if on else None)
    if as_json:
        print_json(listed)
        return
    print_table(
        "",
        ("rule", "severity", "fields", "finds", "source", "confidence"),
        [
            (r["id"], r["severity"], ",".join(r["fields"]), r["title"], r["source"], r["confidence"])
            for r in listed["done"]
        ],
    )
    print_table("Not done", ("rule", "reason"), [(r["id"], r["reason"]) for r in listed["not_done"]])


def fields(regime: RegimeArgument = "", as_json: JsonOption = False) -> None:
    """The regulator's fields: number, name, our column, type, and the paths in the message."""
    from regreport import coverage as covering

    listed = covering.fields(regime)
    if as_json:
        print_json(listed)
        return
    print_table(
        "",
        ("field", "name", "column", "type", "presence", "paths"),
        [(r["number"], r["name"], r["column"], r["type"], r["presence"], " ".join(r["paths"])) for r in listed],
    )


def coverage(as_json: JsonOption = False) -> None:
    """What this version covers, counted from the code and its cases: fields, eligibility, rules, scenarios, filing."""
    from regreport import coverage as covering

    counted = covering.coverage()
    if as_json:
        print_json(counted)
        return
    print(covering.as_markdown(counted))


def compile_schema(
    xsd: Annotated[Path, typer.Argument(help="A schema file (.xsd).")],
    output: OutOption,
    as_json: JsonOption = False,
) -> None:
    """Compile a schema to a message table; where the table exists, say what changed."""
    from regreport import exchange

    changes = exchange.compile_schema(xsd, output)
    if as_json:
        print_json({"table": str(output), "changes": changes})
    else:
        print_lines(*changes, f"{output}: {'no change' if not changes else f'{len(changes)} changes'}")
