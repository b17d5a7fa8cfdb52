"""What the commands about a day show, gathered once as plain values and printed as a table or as JSON."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

from regreport import pipeline
from regreport.balance import CATEGORIES
from regreport.cli.exits import Exit
from regreport.cli.failures import exit_of, failures, print_failures
from regreport.cli.printing import print_json, print_lines, print_table
from regreport.plan import Wanted, plan

if TYPE_CHECKING:
    from pathlib import Path

    from regreport.model.ledger import ObligationState
    from regreport.pipeline import Home, Ran, Unplanned
    from regreport.rehearsal import Rehearsed

_HEADINGS = {"not_reportable": "not reportable", "unanswered": "sent, unanswered"}


def show_run(home: Home, on: date, ran: list[Ran], wanted: Wanted, *, as_json: bool) -> Exit:
    """What a run did, and the account of the day; the exit code says whether all that it moved got through."""
    failed = failures(home, ran)
    names = {o.obligation_id for o in plan(home.settings, on, wanted)}
    accounts = [a for a in day_accounts(home, on) if a["obligation"] in names]
    if as_json:
        steps = {r.step: list(r.moved) for r in ran}
        print_json({"date": on, "steps": steps, "failed": failed, "accounts": accounts})
        return exit_of(failed)
    for step in ran:
        print_lines(f"{step.step:<9} {len(step.moved)} report{'' if len(step.moved) == 1 else 's'}")
    print_failures(failed)
    if not names:
        print_lines(f"Nothing is owed for {on}: no role in regreport.toml is in force")
        return exit_of(failed)
    print()
    _print_accounts(accounts)
    return exit_of(failed)


def show_step(home: Home, ran: Ran, *, as_json: bool) -> Exit:
    """The submissions that a step moved; the exit code says whether all of them got through."""
    rows = [home.ledger.submission(r) for r in ran.moved]
    failed = failures(home, [ran])
    if as_json:
        reports = [{"report_id": s.report_id, "status": s.status} for s in rows]
        print_json({"step": ran.step, "reports": reports, "failed": failed})
        return exit_of(failed)
    if not rows:
        print_lines(f"{ran.step}: nothing to do")
        return Exit.DONE
    print_table(
        "",
        ("report", "status", "records", "errors", "warnings"),
        [(s.report_id, s.status, s.records, s.errors, s.warnings) for s in rows],
        right=("records", "errors", "warnings"),
    )
    print_failures(failed)
    return exit_of(failed)


def day_accounts(home: Home, on: date | None) -> list[dict[str, Any]]:
    """The account of every obligation of a date (or of all) that has source records or a report; then the days whose
    records no obligation looks at."""
    states = _readable(home, on)
    found = [_account(home, s) for s in states if home.batches(s) or home.submissions(s.obligation.obligation_id)]
    return found + [unplanned_account(home, u) for u in pipeline.unplanned(home, on)]


def _readable(home: Home, on: date | None) -> list[ObligationState]:
    """Obligations of a date, or all, but for those whose key was destroyed."""
    states = home.ledger.obligations(report_date=on) if on else home.ledger.obligations()
    return [s for s in states if not home.has_ended(s)] if home.destroyed_keys() else states


def name_of(home: Home, lei: str) -> str:
    """The entity's name; its LEI where it has left the settings: what it did stays readable."""
    return next((e.name for e in home.settings.entities if e.lei == lei), lei)


def unplanned_account(home: Home, day: Unplanned) -> dict[str, Any]:
    return {
        "obligation": "",
        "entity": name_of(home, day.entity),
        "date": day.on.isoformat(),
        "ingested": day.account.ingested,
        **day.account.counts,
        "residual": day.account.residual.height,
        "residual_records": day.account.residual.to_dicts(),
        "done": day.account.done,
        "late": False,
        "status": "not planned" if day.owed else "not owed",
    }


def _account(home: Home, state: ObligationState) -> dict[str, Any]:
    account = pipeline.account(home, state)
    return {
        "obligation": state.obligation.obligation_id,
        "entity": name_of(home, state.obligation.entity),
        "date": state.obligation.report_date.isoformat(),
        "ingested": account.ingested,
        **account.counts,
        "residual": account.residual.height,
        "residual_records": account.residual.to_dicts(),
        "done": account.done,
        "late": state.late,
        "status": state.status.value,
    }


def _print_accounts(accounts: list[dict[str, Any]]) -> None:
    headings = ["entity", "date", "ingested", *(_HEADINGS.get(c, c) for c in CATEGORIES), "residual", "late"]
    keys = ["entity", "date", "ingested", *CATEGORIES, "residual"]
    rows = [[*(a[k] for k in keys), "LATE" if a["late"] else ""] for a in accounts]
    if len(rows) > 1:
        rows.append(["all", "", *(sum(a[k] for a in accounts) for k in keys[2:]), ""])
    print_table("", headings, rows, right=headings[2:-1])
    for account in accounts:
        for record in account["residual_records"]:
            print_lines(
                f"RESIDUAL {account['obligation']}: record {record['source_line']} of batch {record['batch_id']} "
                f"({record['transaction_id']}) {record['problem']}"
            )
        if not account["obligation"]:
            print_lines(f"{account['entity']} {account['date']}: {account['ingested']} records, {account['status']}")


def show_balance(home: Home, on: date | None, records: str, *, as_json: bool) -> bool:
    """The accounts, or the records of one category; whether any residual is not zero."""
    accounts = day_accounts(home, on)
    if records:
        _show_records(home, on, records, as_json=as_json)
    elif as_json:
        print_json(accounts)
    elif accounts:
        _print_accounts(accounts)
    else:
        print_lines("No source records" + (f" for {on}" if on else ""))
    return any(a["residual"] for a in accounts)


def _show_records(home: Home, on: date | None, category: str, *, as_json: bool) -> None:
    from regreport.errors import BadInput

    wanted = category.replace(" ", "_")
    if wanted not in CATEGORIES:
        raise BadInput("no such category", f"Known: {', '.join(CATEGORIES)}", field="--records", value=category)
    states = _readable(home, on)
    rows = []
    for state in states:
        found = pipeline.account(home, state).records
        rows += [r for r in found.to_dicts() if r["category"] == wanted]
    for day in pipeline.unplanned(home, on):
        rows += [r for r in day.account.records.to_dicts() if r["category"] == wanted]
    if as_json:
        print_json(rows)
        return
    grouped = Counter((r["rule"], r["reason"]) for r in rows)
    print_table("By reason", ("count", "rule", "reason"), [(n, *k) for k, n in grouped.most_common()], right=("count",))
    print_table(
        "",
        ("record", "rule", "reason", "report"),
        [(r["transaction_id"], r["rule"], r["reason"], r["report_id"]) for r in rows],
    )


def show_demo(done: Rehearsed, folder: Path, *, as_json: bool) -> None:
    """The demo's day in one short table, and the three things to look at next."""
    from regreport import app, rehearsal

    home = rehearsal.demo_home(folder)
    try:
        accounts = day_accounts(home, done.day.trade_date)
        pick = _interesting(home, done)
    finally:
        app.close(home)
    if as_json:
        print_json({"workspace": str(folder), "accounts": accounts, "planted": done.day.planted, "look_at": pick})
        return
    authorities = len(done.settings.destinations)
    print_lines(
        f"{done.day.records} records of {done.day.trade_date} from the firm's own file {folder}/trades.csv,",
        f"reported as auth.016.001.01 to {authorities} simulated authorities, and answered by them in auth.031.001.01:",
        "",
    )
    _print_accounts(accounts)
    here, held = f"--workspace {folder}", sum(a["held"] for a in accounts)
    print_lines(
        "",
        "Look at next:",
        f"  regreport explain --record {pick['rejected']} {here}",
        "      a record that an authority rejected, from the source row to its answer",
        f"  regreport balance --records held {here}",
        f"      {held} records that were held back, by reason",
        f"  regreport findings {pick['report']} {here}",
        "      what the rules found in one report",
    )


def _interesting(home: Home, done: Rehearsed) -> dict[str, str]:
    """One record of each kind that is worth a look."""
    report = ""
    for state in home.ledger.obligations(report_date=done.day.trade_date):
        submissions = home.submissions(state.obligation.obligation_id)
        report = report or (submissions[0].report_id if submissions else "")
    return {"rejected": done.day.planted["dissolved_client"][0], "report": report}
