"""A finding: a fault in the user's own records, as a value with the place and the remedy, never an exception.

Findings travel as a table (one row a finding) so that a million records cost columns, not objects; this module fixes
the columns of that table and the words in it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

FINDING_COLUMNS: Final = ("rule", "severity", "record", "reference", "field", "path", "value", "message")
"""rule id; severity; record (1-based position in the table checked, null: the whole file); reference (the record's own
reference, null where none); field (the regulator's field number or 'file'); path (wire path or column); value as found;
message (the fault in words, with the remedy where there is one). All text but `record` (unsigned 32 bit)."""


class Severity(StrEnum):
    """What a finding does: an error holds its record, a warning goes with it, NOT_CHECKED was not looked at."""

    ERROR = "error"
    WARNING = "warning"
    NOT_CHECKED = "not_checked"
