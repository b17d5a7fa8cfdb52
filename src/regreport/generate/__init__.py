"""generate: from a day's source records to the bytes of a report, with every record accounted for.

Two halves. `draft` works on one obligation: what is reportable, why the rest is not, what has to be sent. `judge` and
`write` work on many drafts at once (two thousand small reports must not cost two thousand passes): the rules of the
pack and the records they hold, then field tables, files, index and manifest.

Nothing here reads the clock, a random id or hash order: a report's instant and its sequence numbers were fixed in the
ledger when it was planned.
"""

from regreport.generate.draft import Draft, draft
from regreport.generate.judge import Judged, judge
from regreport.generate.write import Planned, file_bounds, write

__all__ = ["Draft", "Judged", "Planned", "draft", "file_bounds", "judge", "write"]
