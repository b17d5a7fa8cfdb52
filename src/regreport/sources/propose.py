"""A first mapping for a file that regreport has never seen: what `init --from FILE` writes for a person to finish.

Everything but a column that has our own name is marked `# check`; where there is a choice to make it is written as a
comment, so that the mapping does not load before somebody has made it.
"""

from __future__ import annotations

import codecs as encodings
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from regreport.errors import BadInput
from regreport.sources.bytestream import BLOCK_BYTES, BOM
from regreport.sources.columns import Column, Columns, load_columns
from regreport.sources.guess import FORMS, Guess, Guesses, codes, date_formats, guess, has_zone, timestamp_formats
from regreport.sources.layout import DELIMITERS, Layout, likely_delimiter, toml_character
from regreport.sources.numbers import read_decimals
from regreport.sources.read import read_source
from regreport.sources.reading import Reading
from regreport.sources.rows import SourceRows, filled

SAMPLE_ROWS = 100_000
CHECK = "# check"


@dataclass(frozen=True)
class Proposal:
    """The text of a mapping, and what is in it: matched columns, what a person must decide (in words), source columns
    left over, the LEIs in the column of our entity, and how many records were looked at."""

    text: str
    matched: tuple[Guess, ...]
    decisions: tuple[str, ...]
    left_over: tuple[str, ...]
    entities: tuple[str, ...]
    records: int

    @property
    def report(self) -> tuple[str, ...]:
        """The same in lines for a person."""
        sure = sum(one.sure for one in self.matched)
        return (
            f"{len(self.matched)} columns matched ({sure} of our own name) by {self.records} records",
            *(f"To decide: {decision}" for decision in self.decisions),
            *((f"Left over: {', '.join(self.left_over)}",) if self.left_over else ()),
        )


def propose_mapping(path: Path, kind: str) -> Proposal:
    """A mapping for the file, for a person to finish. The same file gives the same text. Raises BadInput."""
    columns = load_columns(kind)
    layout = _layout(path)
    rows = read_source(path, layout)
    table = _sample(rows)
    guesses = guess(table, columns)
    decisions: list[str] = []
    used = {one.origin for one in guesses.matched}
    left_over = tuple(name for name in rows.columns if name not in used)
    lines = [
        f"# How {path.name} becomes regreport's columns, as far as names and the first {table.height} records tell.",
        f"# Go through every line that says '{CHECK.removeprefix('# ')}', then remove the mark.",
        f'kind = "{kind}"',
        "# Columns that are left out on purpose; what is neither here nor mapped is listed at every load.",
        "ignored = []",
        "",
        *_file_lines(layout, table, guesses, columns, decisions),
        "",
        "[columns]",
        *(line for one in guesses.matched for line in _matched(one, columns[one.column], table, decisions)),
        *_unclear(guesses, decisions),
        *_required(guesses, columns, decisions),
        *_left_over(left_over, table),
    ]
    return Proposal(
        text="\n".join(lines) + "\n",
        matched=guesses.matched,
        decisions=tuple(decisions),
        left_over=left_over,
        entities=_entities(guesses, table),
        records=table.height,
    )


def _entities(guesses: Guesses, table: pl.DataFrame) -> tuple[str, ...]:
    """The LEIs in the column that is matched with our entity."""
    for one in guesses.matched:
        if one.column == "entity":
            values = table[one.origin].unique().drop_nulls()
            return tuple(values.filter(values.str.contains(FORMS["LEI"])).sort())
    return ()


def _layout(path: Path) -> Layout:
    """The delimiter that the first line suggests, declared, as a person will check it."""
    if path.suffix.lower() not in (".csv", ".tsv", ".txt") or not path.is_file():
        return Layout()
    with path.open("rb") as stream:
        line = stream.readline(1024 * 1024).removeprefix(BOM).decode("utf-8", errors="replace")
    return Layout(likely_delimiter(line, ",") or ",", encoding=_encoding(path), declared=True)


def _encoding(path: Path) -> str:
    decoder = encodings.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        try:
            while block := stream.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "windows-1252"
    return "utf-8"


def _sample(rows: SourceRows) -> pl.DataFrame:
    chunks: list[pl.DataFrame] = []
    height = 0
    for chunk in rows.chunks():
        chunks.append(chunk.head(SAMPLE_ROWS - height))
        height += chunks[-1].height
        if height >= SAMPLE_ROWS:
            break
    if not chunks:
        raise BadInput("the file has no records to look at", "Propose a mapping from a day with records", rows.name)
    return pl.concat(chunks)


def _file_lines(
    layout: Layout, table: pl.DataFrame, guesses: Guesses, columns: Columns, decisions: list[str]
) -> Iterator[str]:
    yield "[file]"
    mark = "" if layout.delimiter == "," else f"  {CHECK}"
    yield f'delimiter = "{toml_character(layout.delimiter)}"{mark}'
    if layout.delimiter != ",":
        decisions.append(f"the file looks parted by {DELIMITERS[layout.delimiter]}")
    if layout.encoding != "utf-8":
        yield f'encoding = "{layout.encoding}"  {CHECK}'
        decisions.append("the file is not UTF-8: check that names with accents come out right")
    yield from _decimal_lines(
        [table[g.origin] for g in guesses.matched if columns[g.column].type == "decimal"], decisions
    )
    if any(bool((table[name] != table[name].str.strip_chars()).any()) for name in table.columns):
        yield f"strip = true  {CHECK}"
        decisions.append("some values have blanks at their start or end")
    times = [one for one in guesses.matched if columns[one.column].type == "timestamp"]
    if any(timestamp_formats(table[one.origin]) and not has_zone(table[one.origin]) for one in times):
        yield '# zone = "Europe/Stockholm"  # choose: the time zone of timestamps that carry none'
        decisions.append("timestamps carry no time zone: declare zone")


def _decimal_lines(decimals: list[pl.Series], decisions: list[str]) -> Iterator[str]:
    """What fits every number of the file, where plain numbers do not: one odd value is a fault and no format."""
    numbers = pl.concat([pl.Series("raw", [], dtype=pl.String), *(one.alias("raw") for one in decimals)])
    numbers = filled(numbers).drop_nulls()
    if _fit(numbers, ".", ""):
        return
    found = [form for form in ((",", ""), (".", ","), (",", ".")) if _fit(numbers, *form)]
    choose = len(found) > 1
    for mark, thousands in found:
        start = "# " if choose else ""
        end = "choose" if choose else "check"
        yield f'{start}decimal_mark = "{mark}"  # {end}'
        if thousands:
            yield f'{start}thousands = "{thousands}"  # {end}'
    if found:
        shown = " or ".join(f"decimal mark {mark!r}, thousands {thousands!r}" for mark, thousands in found)
        decisions.append(f"numbers look written with {shown}")


def _fit(numbers: pl.Series, mark: str, thousands: str) -> bool:
    """Whether every number has this form; with a thousands separator, every number from 1000 must show it."""
    whole = rf"^-?[0-9]{{4,}}({re.escape(mark)}|$)"
    grouped = not thousands or (
        bool(numbers.str.contains(thousands, literal=True).any()) and not numbers.str.contains(whole).any()
    )
    return grouped and read_decimals(numbers, Reading(decimal_mark=mark, thousands=thousands))[1].is_null().all()


def _matched(one: Guess, column: Column, table: pl.DataFrame, decisions: list[str]) -> Iterator[str]:
    mark = "" if one.sure else f"  {CHECK}: {one.why}"
    values = table[one.origin]
    if column.many:
        values = values.str.split("|").explode(empty_as_null=True)
    settings = [f"from = {_quoted(one.origin)}"]
    notes: list[str] = []
    if column.type in ("code", "boolean"):
        mark = _translation(column, values, settings, notes, mark, decisions)
    elif column.type in ("date", "timestamp"):
        mark = _format(column, values, settings, mark, decisions)
    if len(settings) == 1:
        yield f"{column.name} = {_quoted(one.origin)}{mark}"
    else:
        yield f"{column.name} = {{ {', '.join(settings)} }}{mark}"
    yield from notes


def _translation(
    column: Column, values: pl.Series, settings: list[str], notes: list[str], mark: str, decisions: list[str]
) -> str:
    found = codes(column, values)
    if found is None:
        return mark
    if any(code != our for code, _, our in found):
        pairs = [f"{_quoted(code)} = {_quoted(our)}" for code, _, our in found if our]
        settings.append(f"translate = {{ {', '.join(pairs)} }}" if pairs else "translate = {}")
        mark = mark or f"  {CHECK}"
        unknown = [code for code, _, our in found if not our]
        decisions.append(
            f"{column.name}: check what its codes mean" + (f"; translate {', '.join(unknown)}" if unknown else "")
        )
    else:
        decisions.append(f"{column.name}: check that its values are ours: {', '.join(code for code, _, _ in found)}")
    for code, count, our in found:
        notes.append(f"#   {_quoted(code)}: {count} records" + ("" if our else ", to be translated"))
    return mark


def _format(column: Column, values: pl.Series, settings: list[str], mark: str, decisions: list[str]) -> str:
    iso, found = ("%Y-%m-%d", date_formats(values)) if column.type == "date" else ("", timestamp_formats(values))
    if not found or iso in found:
        return mark
    if len(found) == 1:
        settings.append(f"format = {_quoted(found[0])}")
        return mark or f"  {CHECK}"
    decisions.append(f"{column.name}: its format may be {' or '.join(found)}")
    return f"{mark or '  ' + CHECK}; choose format = {' or '.join(_quoted(one) for one in found)}"


def _unclear(guesses: Guesses, decisions: list[str]) -> Iterator[str]:
    for column, origins in guesses.unclear.items():
        decisions.append(f"{column}: choose between {', '.join(origins)}")
        for origin in origins:
            yield f"# {column} = {_quoted(origin)}  # choose"


def _required(guesses: Guesses, columns: Columns, decisions: list[str]) -> Iterator[str]:
    matched = {one.column for one in guesses.matched}
    for column in columns.values():
        if column.required and column.name not in matched and column.name not in guesses.unclear:
            decisions.append(f"{column.name} is required and was not found: {column.meaning}")
            yield f'# {column.name} = ""  # required: {column.meaning}'


def _left_over(names: tuple[str, ...], table: pl.DataFrame) -> Iterator[str]:
    if not names:
        return
    yield ""
    yield "# Left over: map it, or name it under ignored. With an example of each:"
    for name in names:
        texts = filled(table[name]).drop_nulls()
        example = _quoted(str(texts[0])[:40]) if len(texts) else "always empty"
        yield f"#   {_quoted(name)}: {example}"


def _quoted(value: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's too, and a comment never sees a line end."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
