"""coverage, rules and fields: what this version does, counted from the code and its cases, never written by hand.

A cell of the grid that no installed regime fills says so. A rule's code is shown as official only where its source was
read; how sure each rule is stands beside it.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from regreport import __version__
from regreport.engine.fields_rows import PathRow
from regreport.errors import UnknownRegime
from regreport.regime import GRID, Regime, regimes


def chosen(regime: str) -> list[Regime]:
    """The regime asked for, or all. Raises UnknownRegime."""
    installed = regimes()
    if regime and regime not in installed:
        raise UnknownRegime(f"No regime {regime!r} is installed; there is: {', '.join(installed)}")
    return [installed[regime]] if regime else list(installed.values())


def rules(regime: str, on: date | None = None) -> dict[str, Any]:
    """Every rule and decision rule of the packs (in force on a date, if given), and the listed ones not done."""
    packs = chosen(regime)
    return {
        "done": [_rule(p, r) for p in packs for r in p.rules if on is None or r.in_force(on)],
        "decisions": [
            {
                "regime": p.id,
                "id": d.id,
                "block": d.block,
                "effect": d.effect,
                "sentence": d.sentence,
                "source": d.source,
                "confidence": d.confidence,
                "valid_from": d.valid_from,
                "valid_to": d.valid_to,
                "jurisdictions": sorted(d.jurisdictions) or ["EU", "UK"],
            }
            for p in packs
            for d in p.decisions
        ],
        "not_done": [
            {"regime": p.id, "id": n.id, "fields": n.fields, "reason": n.reason} for p in packs for n in p.not_done
        ],
        "listed": [
            {
                "regime": p.id,
                "id": x.id,
                "done_by": x.done_by,
                "reason": x.reason,
            }
            for p in packs
            for x in p.listed
        ],
    }


def _rule(regime: Regime, rule: Any) -> dict[str, Any]:
    return {
        "regime": regime.id,
        "id": rule.id,
        "official": rule.official,
        "severity": rule.severity.value,
        "fields": rule.fields,
        "title": rule.title,
        "remedy": rule.remedy,
        "source": rule.source,
        "confidence": rule.confidence,
        "needs": rule.needs,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
        "jurisdictions": sorted(rule.jurisdictions),
        "where": rule.when.words() if hasattr(rule, "when") else "",
        "must_hold": rule.must.words() if hasattr(rule, "must") else "",
    }


def fields(regime: str) -> list[dict[str, Any]]:
    """One row a column of the field tables: number, name, column, type, presence, paths in the message."""
    return [
        {
            "regime": pack.id,
            "number": f.number,
            "name": f.name,
            "column": f.column,
            "type": f.type,
            "presence": f.presence,
            "source": f.source,
            "paths": sorted({p.path for p in pack.layer.paths if _binds(p, f.column)}),
        }
        for pack in chosen(regime)
        for f in pack.layer.fields
    ]


def _binds(path: PathRow, column: str) -> bool:
    """Whether a row of paths.csv holds the column's value, or is there because of it."""
    return path.column == column or any(c.column == column for c in path.when if not path.column)


def coverage() -> dict[str, Any]:
    """Everything counted: cells of the grid, and per regime fields, decision rules, rules, scenarios, filing."""
    return {
        "version": __version__,
        "cells": [_cell(j, t) for j, t in GRID],
        "regimes": [_regime(r) for r in regimes().values()],
    }


def _cell(jurisdiction: str, report_type: str) -> dict[str, Any]:
    names = GRID[jurisdiction, report_type]
    built = [r for r in regimes().values() if (jurisdiction, report_type) in r.cells]
    return {
        "jurisdiction": jurisdiction,
        "report_type": report_type,
        "default_regime": names[0],
        "built": [r.id for r in built],
        "message": [r.message for r in built],
    }


def _regime(regime: Regime) -> dict[str, Any]:
    numbers = {f.number for f in regime.layer.fields}
    bound = numbers & {p.number for p in regime.layer.paths}
    scenarios = regime.scenarios()
    done = [x for x in regime.listed if x.done_by]
    return {
        "id": regime.id,
        "title": regime.title,
        "message": regime.message,
        "filing": regime.filing,
        "fields": {"listed": len(numbers), "bound": len(bound), "paths_unclaimed": len(regime.layer.unclaimed())},
        "decision_rules": {
            "done": len(regime.decisions),
            "confidence": dict(Counter(d.confidence for d in regime.decisions)),
        },
        "rules": {
            "listed": len(regime.listed),
            "done": len(done),
            "not_done": [{"id": x.id, "reason": x.reason} for x in regime.listed if not x.done_by],
            "in_pack": len(regime.rules),
            "official_codes": sum(r.official for r in regime.rules),
            "confidence": dict(Counter(r.confidence for r in regime.rules)),
        },
        "scenarios": {
            "listed": len(scenarios),
            "reproduced": sum(s.done for s in scenarios),
            "not_reproduced": [{"id": s.id, "reason": s.reason} for s in scenarios if not s.done],
        },
    }


def as_markdown(counted: dict[str, Any]) -> str:
    """The coverage as the README shows it."""
    types = list(dict.fromkeys(t for _, t in GRID))
    lines = [f"| | {' | '.join(types)} |", "|---" * (len(types) + 1) + "|"]
    for jurisdiction in dict.fromkeys(j for j, _ in GRID):
        cells = [c for c in counted["cells"] if c["jurisdiction"] == jurisdiction]
        lines.append(f"| {jurisdiction} | {' | '.join(_cell_words(c) for c in cells)} |")
    for regime in counted["regimes"]:
        lines += ["", *_regime_lines(regime)]
    return "\n".join(lines) + "\n"


def _cell_words(cell: dict[str, Any]) -> str:
    if not cell["built"]:
        return f"not built ({cell['default_regime']})"
    words = [f"{r} ({m})" for r, m in zip(cell["built"], cell["message"], strict=True)]
    if cell["default_regime"] not in cell["built"]:
        words.append(f"default {cell['default_regime']} not built")
    return "; ".join(words)


def _regime_lines(regime: dict[str, Any]) -> list[str]:
    fields, rules_, cases = regime["fields"], regime["rules"], regime["scenarios"]
    decisions, unclaimed = regime["decision_rules"], fields["paths_unclaimed"]
    pack = f"{rules_['in_pack']} rules in the pack, {rules_['official_codes']} under an official code; "
    pack += _counts(rules_["confidence"])
    lines = [
        f"**{regime['id']}**: {regime['title']}. {regime['filing']}",
        "",
        "| counted | done | of | note |",
        "|---|---|---|---|",
        _row("fields bound to the message", fields["bound"], fields["listed"], f"no field claims {unclaimed} paths"),
        _row("eligibility rules", decisions["done"], "", _counts(decisions["confidence"])),
        _row("rows of the official list of validation rules", rules_["done"], rules_["listed"], pack),
        _row("authorities' own examples reproduced", cases["reproduced"], cases["listed"], ""),
    ]
    reasons = [(f"rule {x['id']}", x["reason"]) for x in rules_["not_done"]]
    reasons += [(f"example {x['id']}", x["reason"]) for x in cases["not_reproduced"]]
    if reasons:
        lines += ["", "Not done, and why:", "", *(f"- {name}: {reason}" for name, reason in reasons)]
    return lines


def _row(what: str, done: Any, of: Any, note: str) -> str:
    return f"| {what} | {done} | {of} | {note} |"


def _counts(confidence: dict[str, int]) -> str:
    return ", ".join(f"{n} {word}" for word, n in sorted(confidence.items(), key=lambda x: -x[1]))
