"""Persons' values on the terminal: hidden, unless somebody says why they are to be shown; the ledger notes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from regreport.pipeline import Home

RevealOption = Annotated[
    str,
    typer.Option("--reveal", metavar="REASON", help="Show persons' values, and why; the ledger notes who did."),
]


def note_reveal(home: Home, what: str, reason: str) -> bool:
    """Note that persons' values are shown; False where nobody asked for it."""
    if reason:
        home.ledger.note("persons", "persons shown", {"what": what, "reason": reason}, home.actor)
    return bool(reason)
