"""The authority's copy against ours: what both hold alike, what differs, what only one side has, and for how long.

RTS 22 Article 15(3) asks firms to reconcile their front-office records with the data that the authority gives them on
request. Both sides are tables of text, one column a field; what is compared is the value, not its spelling: amounts as
decimals, times as instants, lists without their order. Nothing here reads a file or the ledger (see `reconciling`).
"""

from regreport.reconcile.buckets import BREAKS_SCHEMA, Bucket, compare
from regreport.reconcile.differences import DIFFERENCES_SCHEMA, differences
from regreport.reconcile.leaves import Leaf, fingerprint, leaves, texts

__all__ = [
    "BREAKS_SCHEMA",
    "DIFFERENCES_SCHEMA",
    "Bucket",
    "Leaf",
    "compare",
    "differences",
    "fingerprint",
    "leaves",
    "texts",
]
