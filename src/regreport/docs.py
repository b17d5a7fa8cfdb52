"""Pages made from the code: the README's capture and coverage, and the reference of fields, rules, decisions, event
kinds, source columns and commands.

`python -m regreport.docs` writes them, `--check` says which are not what the code says (the tests ask that).
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from contextlib import chdir, redirect_stdout
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from regreport import coverage, rehearsal
from regreport.cli import app, views
from regreport.regime import regimes
from regreport.regimes.mifir.eligibility import event_kinds
from regreport.sources.columns import Column, load_columns

ROOT: Final = Path(__file__).resolve().parents[2]
BEGIN: Final = "<!-- coverage: made by `regreport coverage` -->"
END: Final = "<!-- coverage: end -->"
CAPTURE: Final = "<!-- capture: what `make demo` prints -->"
CAPTURE_END: Final = "<!-- capture: end -->"
MADE: Final = "<!-- made from the code by `make docs`; do not edit -->\n\n"


def pages() -> dict[Path, str]:
    """Every generated page by its path from the root."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = between(readme, CAPTURE, CAPTURE_END, f"```console\n$ make demo\n{capture()}```\n")
    made = {Path("README.md"): between(readme, BEGIN, END, coverage.as_markdown(coverage.coverage()))}
    reference = Path("docs/reference")
    for name in regimes():
        made[reference / f"{name}-fields.md"] = MADE + fields_page(name)
        made[reference / f"{name}-rules.md"] = MADE + rules_page(name)
        made[reference / f"{name}-eligibility.md"] = MADE + eligibility_page(name)
    made[reference / "event-kinds.md"] = event_kinds.as_markdown()
    made[reference / "source-columns.md"] = MADE + source_columns_page()
    made[reference / "commands.md"] = MADE + commands_page()
    return made


def between(page: str, begin: str, end: str, made: str) -> str:
    """The page with `made` between its two marks. Raises ValueError where a mark is missing."""
    before, _, rest = page.partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise ValueError(f"README.md lacks the marks {begin} and {end}")
    return f"{before}{begin}\n\n{made}\n{end}{after}"


@cache
def capture() -> str:
    """What the demo prints, made now in a folder that goes away."""
    printed, folder = io.StringIO(), Path("demo-out")
    with TemporaryDirectory(prefix="regreport-docs-") as place, chdir(place), redirect_stdout(printed):
        views.show_demo(rehearsal.demo(folder), folder, as_json=False)
    return re.sub(r" +$", "", printed.getvalue(), flags=re.MULTILINE)


def fields_page(regime: str) -> str:
    """The field table of a regime."""
    rows = [
        (f["number"], f["name"], f"`{f['column']}`", f["type"], f["presence"], " ".join(f"`{p}`" for p in f["paths"]))
        for f in coverage.fields(regime)
    ]
    return f"# Fields of {regime}\n\n" + markdown_table(("field", "name", "column", "type", "M/C", "paths"), rows)


def rules_page(regime: str) -> str:
    """The validation rules of a regime, each with what it finds, where it is written and how sure it is."""
    told = coverage.rules(regime)
    text = [f"# Validation rules of {regime}\n"]
    for rule in told["done"]:
        kind = "the authority's code" if rule["official"] else "our id"
        text += [f"## {rule['id']}\n", f"{rule['title']}. {rule['remedy']}".strip() + "\n"]
        facts = [
            ("severity", rule["severity"]),
            ("fields", ", ".join(rule["fields"])),
            ("id", kind),
            ("source", rule["source"]),
            ("confidence", rule["confidence"]),
            ("in force", f"{rule['valid_from']} to {rule['valid_to'] or 'now'}"),
            ("jurisdictions", ", ".join(rule["jurisdictions"]) or "all"),
            ("needs", ", ".join(rule["needs"])),
            ("where", rule["where"]),
            ("must hold", rule["must_hold"]),
        ]
        text += [f"- {name}: {value}" for name, value in facts if value]
        text.append("")
    rows = [(n["id"], ", ".join(n["fields"]), n["reason"]) for n in told["not_done"]]
    text += ["## Listed and not done\n", markdown_table(("rule", "fields", "why"), rows)]
    return "\n".join(text)


def eligibility_page(regime: str) -> str:
    """The decision rules of a regime: who must report what, and what is not reportable."""
    rows = [
        (d["id"], d["block"], d["effect"], d["sentence"], d["source"], d["confidence"], str(d["valid_from"]))
        for d in coverage.rules(regime)["decisions"]
    ]
    heads = ("rule", "block", "effect", "sentence", "source", "confidence", "from")
    return f"# Eligibility under {regime}\n\n" + markdown_table(heads, rows)


GROUPS: Final = {
    "core": "The record itself",
    "fact": "Facts that eligibility asks for",
    "party": "Parties and persons",
    "trade": "The trade and its instrument",
}


def source_columns_page() -> str:
    """Our columns of a source record, that a mapping maps onto."""
    text = [
        "# Source columns\n",
        "What a [mapping](../howto/map-your-file.md) may name under `[columns]`. A column is empty where the firm has"
        " nothing to say; which of them a record needs is decided by the rules, not here.\n",
    ]
    columns = list(load_columns("transaction").values())
    for group, title in GROUPS.items():
        text += [f"## {title}\n", markdown_table(("column", "type", "meaning"), _columns(columns, group))]
    return "\n".join(text)


def _columns(columns: Sequence[Column], group: str) -> list[tuple[Any, ...]]:
    return [
        (f"`{c.name}`", f"list of {c.type}" if c.many else c.type, c.meaning + (" (required)" if c.required else ""))
        for c in columns
        if c.group == group
    ]


def commands_page() -> str:
    """The commands with their help, as the command line gives it."""
    import typer

    group: Any = typer.main.get_command(app)
    text = ["# Commands\n", f"{group.help}\n"]
    for name, command in sorted(group.commands.items()):
        inner = getattr(command, "commands", None)
        for path, one in [(f"{name} {n}", c) for n, c in sorted(inner.items())] if inner else [(name, command)]:
            text += [f"## regreport {path}\n", f"{one.help}\n"]
            text += [f"- `{_usage(p)}` {_help(p)}".rstrip() for p in one.params if p.name != "help"]
            text.append("")
    return "\n".join(text)


def _usage(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    names = [*parameter.opts, *parameter.secondary_opts] if is_option else [parameter.name.upper()]
    return " / ".join(names)


def _help(parameter: Any) -> str:
    return getattr(parameter, "help", "") or ""


def markdown_table(heads: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> str:
    """A table in Markdown; a bar inside a cell is escaped."""
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(str(c).replace('|', '&#124;') for c in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def stale() -> list[Path]:
    """The pages that are not what the code says."""
    return [p for p, text in pages().items() if not (ROOT / p).exists() or (ROOT / p).read_text("utf-8") != text]


def main() -> None:
    """Write the pages, or with --check name the stale ones and exit 1."""
    if "--check" in sys.argv[1:]:
        found = stale()
        print("\n".join(f"stale: {p}" for p in found) or "every page is what the code says")
        sys.exit(1 if found else 0)
    for path, text in pages().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
