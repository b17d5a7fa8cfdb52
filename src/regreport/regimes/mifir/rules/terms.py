"""What the rules of this pack share: their sources by name, how sure they are, dates, and conditions that recur.

Which severity: an error holds the record, so it is kept for what an authority is known to reject (verified codes) and
for what contradicts Annex I by itself; what regulators complain about, what depends on a code list of middling
confidence and what was inferred because the official text could not be read is a warning, and goes out with the record.

Sources: RTS 22 is Commission Delegated Regulation (EU) 2017/590; the validation rules are ESMA65-8-2594 Annex 1, of
which no full copy could be read: numbers and codes are those that other public texts quote.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from regreport.engine.checks import Check, all_of, equal, one_of

VERIFIED: Final = "verified"
"""The code and what it checks were read in a public source."""
PARTLY: Final = "partial: read through commentators"
CODE_UNSEEN: Final = "verified check; the authority's code for it was not seen"
INFERRED: Final = "inferred: the number is quoted, its text was not readable"
DERIVED: Final = "own rule derived from schema and RTS 22"

ESMA: Final = "ESMA65-8-2594 (validation rules)"
MARKET_WATCH_59: Final = "FCA Market Watch 59 (April 2019), as summarised by commentators"
MARKET_WATCH_62: Final = "FCA Market Watch 62, as summarised by commentators"
MARKET_WATCH_74: Final = "FCA Market Watch 74, as summarised by commentators"
CSSF_22_03: Final = "CSSF press release 22/03 (1 February 2022), as summarised by commentators"

EU: Final = frozenset({"EU"})
UK: Final = frozenset({"UK"})
RULES_OF_2022: Final = date(2022, 5, 31)
"""Versions 1.6 and 1.7 of ESMA's list; the FCA chose not to enforce what they added, so those rules are EU only."""
UK_FLAGS_OPENED: Final = date(2024, 4, 27)
"""From this day a UK waiver or post-trade flag is any four letters or digits, until then one of the EU's."""

NEW: Final[Check] = equal("status", "NEWT")
OTHER: Final[Check] = equal("instrument_type", "OTHR")
"""The instrument is described in full instead of named by an ISIN of the reference data."""
OWN_ACCOUNT: Final[Check] = equal("trading_capacity", "DEAL")
ON_VENUE: Final[Check] = one_of("@venue.kind", "OPRT", "SGMT")
"""Executed on a trading venue (not over the counter, not with a systematic internaliser); needs the MIC list."""
NEW_ON_VENUE: Final[Check] = all_of(NEW, ON_VENUE)
STANDS_IN: Final[Check] = one_of("venue", "XOFF", "XXXX")
INTERNALISED: Final[Check] = equal("@venue.kind", "SINT")

LEI_ISSUED: Final = ("ACTIVE/ISSUED", "ACTIVE/PENDING_TRANSFER", "ACTIVE/PENDING_ARCHIVAL")
"""Entity and registration status that an LEI of ours must have."""
LEI_ACCEPTED: Final = (*LEI_ISSUED, "ACTIVE/LAPSED")
"""Those that a client's or counterparty's may have: an LEI that was not renewed still names it."""


def annex(field: str) -> str:
    """The row of RTS 22 Annex I that says what a field holds."""
    return f"RTS 22 (EU) 2017/590 Annex I field {field}"
