"""The simulated authority's own reference data: instruments, LEIs and MICs as CSV files in a folder of its own.

They need not agree with ours: an authority that knows of a dissolved company before we do, or lists a new bond a day
later, is the everyday case that feedback is about. A file that is not there is a check that is not made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from regreport.errors import ConfigurationError

NEEDED = {
    "instruments": ("isin", "admission_request_date", "termination_date"),
    "leis": ("lei", "entity_status", "registration_status", "ended_on"),
    "mics": ("mic", "operating_mic", "kind", "category", "status", "valid_from", "valid_to"),
}


@dataclass(frozen=True)
class AuthorityReference:
    """Each a table of text columns (see NEEDED, and DESIGN's reference data), or None where there is no file."""

    instruments: pl.DataFrame | None = None
    leis: pl.DataFrame | None = None
    mics: pl.DataFrame | None = None


def read_reference(folder: Path) -> AuthorityReference:
    """Read `instruments.csv`, `leis.csv` and `mics.csv`. Raises ConfigurationError naming a file and what it lacks."""
    return AuthorityReference(**{name: _read(folder / f"{name}.csv", columns) for name, columns in NEEDED.items()})


def _read(path: Path, columns: tuple[str, ...]) -> pl.DataFrame | None:
    if not path.exists():
        return None
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as fault:
        raise ConfigurationError(f"The simulator's reference data {path} cannot be read: {fault}") from fault
    lacking = [c for c in columns if c not in frame.columns]
    if lacking:
        raise ConfigurationError(f"The simulator's reference data {path} has no column {', '.join(lacking)}")
    return frame
