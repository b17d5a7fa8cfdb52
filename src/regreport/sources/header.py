"""The header of a delimited file: the names of its columns, or why the first line cannot be one."""

from __future__ import annotations

import csv
import io
import re

from regreport.errors import BadInput
from regreport.sources.layout import DELIMITERS, Layout, likely_delimiter, toml_character

_VALUE_FORMS = re.compile(
    r"-?[0-9]+([.,][0-9]+)?"  # a number
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?|[0-9]{2}[./][0-9]{2}[./][0-9]{4}( .*)?"  # a date or timestamp
    r"|[A-Z0-9]{18}[0-9]{2}"  # an LEI
    r"|[A-Z]{2}[A-Z0-9]{9}[0-9]"  # an ISIN
)


def read_header(text: str, layout: Layout, file: str) -> tuple[str, ...]:
    """Names of the columns from the text of the first record (without its line end).

    Raises BadInput: another delimiter, no header, an empty name, a name twice.
    """
    if not layout.declared:
        _refuse_other_delimiter(text, layout, file)
    quoting = {"quotechar": layout.quote} if layout.quote else {"quotechar": None, "quoting": csv.QUOTE_NONE}
    fields = next(csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, **quoting), [""])
    names = tuple(name.strip() for name in fields)
    if not layout.numbered:
        _refuse_values(names, file)
    for position, name in enumerate(names, start=1):
        if not name:
            remedy = "Give every column a name, or remove the empty column"
            raise BadInput(f"column {position} of {len(names)} has no name in the header", remedy, file=file, line=1)
        if name in names[: position - 1]:
            first = names.index(name) + 1
            problem = f"the header names two columns alike (columns {first} and {position})"
            raise BadInput(problem, "Rename one of them", file=file, line=1, field=name)
    return names


def _refuse_other_delimiter(text: str, layout: Layout, file: str) -> None:
    other = likely_delimiter(text, layout.delimiter)
    if other is None:
        return
    raise BadInput(
        f"the header looks parted by {DELIMITERS[other]} ({other!r}), not by {DELIMITERS[layout.delimiter]}",
        f'Declare it in the mapping: [file] delimiter = "{toml_character(other)}"',
        file=file,
        line=1,
    )


def _refuse_values(names: tuple[str, ...], file: str) -> None:
    values = [name for name in names if _VALUE_FORMS.fullmatch(name)]
    if values and (len(values) > 1 or len(names) <= 2):
        raise BadInput(
            f"the first line holds values ({', '.join(values[:3])}), not names of columns: the header is missing",
            "Put a first line with the names of the columns",
            file=file,
            line=1,
        )
