"""Signing a day off: its control owner has seen the account, and says what is open and why that is accepted.

Refused while the residual is not zero, or while something is open that the comment does not name: by its category and
exact count (`held 8`), or one by one (a record's id, a report's id). What was seen is stored, so that a later batch or
answer shows the day as changed since it was signed.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from regreport.errors import BadInput, NotFound
from regreport.model.signed import SignOff
from regreport.pipeline.attention import CATEGORIES, Day, Desk
from regreport.pipeline.home import Home

_BLANKS: Final = re.compile(r"[\s,;()\"']+")
_TRAILING: Final = ".:!?"
_NAMES_SHOWN_MAX: Final = 3


def look_at(home: Home, on: date) -> Day:
    """The day as it stands. Raises NotFound where nothing was owed and nothing was loaded."""
    day = Desk(home).look_at(on, whole=True)
    if not day.facts["obligations"] and not day.facts["batches"]:
        raise NotFound(f"Nothing was loaded or reported for {on}: there is nothing to sign off")
    return day


def refusals(day: Day, comment: str) -> list[str]:
    """Why a day cannot be signed with this comment, in words; empty where it can."""
    found = []
    if day.residual:
        found.append(f"the residual is {day.residual}: records are not accounted for; see: regreport balance")
    said = _said(comment)
    for category, count in day.open.items():
        if not _counts(category, count, comment) and not _names(day.names(category), said):
            found.append(
                f"open and not named in the comment: {category} {count}{_examples(day, category)} "
                f"(name it as '{category} {count}'), or each by its id"
            )
    return found


def _said(comment: str) -> set[str]:
    """The words of a comment, without what stands around them."""
    words = _BLANKS.split(comment)
    return {*words, *(w.rstrip(_TRAILING) for w in words)}


def _counts(category: str, count: int, comment: str) -> bool:
    """`held 8`, `held: 8`, `8 held`, as whole words: `held 8` is not named by `held 80`."""
    there = rf"(?<![\w-]){category}\s*[:=]?\s*{count}(?![\w.-]*\w)|(?<![\w.-]){count}\s+{category}(?![\w-])"
    return re.search(there, comment, re.IGNORECASE) is not None


def _names(matters: list[tuple[str, ...]], said: set[str]) -> bool:
    return bool(matters) and all(said.intersection(names) for names in matters)


def _examples(day: Day, category: str) -> str:
    names = [found[0] for found in day.names(category)]
    more = ", ..." if len(names) > _NAMES_SHOWN_MAX else ""
    return f", {', '.join(names[:_NAMES_SHOWN_MAX])}{more}" if names else ""


def sign_off(home: Home, on: date, comment: str) -> SignOff:
    """Sign a date. Raises BadInput (a refusal of `refusals`), NotFound."""
    day = look_at(home, on)
    if refused := refusals(day, comment):
        raise BadInput("; ".join(refused), "Nothing was signed")
    until = on.replace(year=on.year + home.settings.retention_years, day=min(on.day, 28))
    digest = home.store.put(day.content(), f"sign-off/{on.isoformat()}/account.json", until)
    return home.ledger.sign(on, comment, digest, home.actor)


def in_words(day: Day) -> str:
    """How a date stands in one line: what is open, who signed for it, and whether that still holds."""
    told = ", ".join(f"{c} {day.open[c]}" for c in CATEGORIES if c in day.open)
    told = f"residual {day.residual}" + (f", {told}" if told else "") if day.residual else told
    if day.signed is None:
        return f"open: {told}" if not day.done else f"done{f' ({told})' if told else ''}"
    who = f"signed off by {day.signed.signed_by} at {day.signed.signed_at:%Y-%m-%d %H:%M} UTC"
    if day.changed:
        return f"{who}; changed since{f', open now: {told}' if told else ''}"
    return f"done: {who}{f' for {told}' if told else ''}"
