"""Makes the reader of the cases and the row-by-row yardstick importable to the tests of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(p) for p in (HERE, HERE.parents[3]) if str(p) not in sys.path]
