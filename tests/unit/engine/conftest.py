"""Makes the generators of this folder importable by its tests (`import instances`), as they are when run as scripts."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = str(Path(__file__).parent)
if FOLDER not in sys.path:
    sys.path.insert(0, FOLDER)
