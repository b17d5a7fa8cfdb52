"""What every command prints with: tables for people, JSON for programs, progress on a terminal only.

Text from outside is never taken as markup, and control characters in it are shown, not sent to the terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regreport.pipeline.home import Progress


def print_json(value: Any) -> None:
    """The value as JSON on standard output, keys sorted, nothing else."""
    json.dump(value, sys.stdout, default=plain, ensure_ascii=False, indent=1, sort_keys=True)
    sys.stdout.write("\n")


def plain(value: Any) -> Any:
    """What JSON does not know: dates as ISO, decimals as text, our values as objects."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    if isinstance(value, (Decimal, object)):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[str] = ()
) -> None:
    """A table for a person; long cells are folded, never cut."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=title or None, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 160).print(table)


def print_lines(*lines: str) -> None:
    """Lines of plain text."""
    for line in lines:
        print(visible(line))


def print_pairs(pairs: Mapping[str, Any], indent: str = "  ") -> None:
    """name: value, one a line, empty values left out."""
    width = max((len(k) for k in pairs), default=0)
    for name, value in pairs.items():
        if value not in (None, "", [], {}):
            print(f"{indent}{name.ljust(width)}  {visible(value)}")


def visible(value: Any) -> str:
    """A value as text with control characters made visible (a name from outside must not drive the terminal)."""
    text = "" if value is None else ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return "".join(c if c.isprintable() or c == " " else f"\\x{ord(c):02x}" for c in text)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress callback that draws a bar on a terminal and stays silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        lines: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in lines:
                lines[what] = bar.add_task(what, total=total)
            bar.update(lines[what], completed=done, total=total)

        yield tell
