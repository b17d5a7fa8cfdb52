"""Where rows come from: a file by its suffix or first bytes, or a database by its SQLAlchemy URL."""

from __future__ import annotations

from pathlib import Path

from regreport.errors import BadInput
from regreport.sources.layout import Layout
from regreport.sources.rows import SourceRows

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
_FOREIGN = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"%PDF": "a PDF document",
}


def read_source(
    source: str | Path, layout: Layout | None = None, *, query: str | None = None, table: str | None = None
) -> SourceRows:
    """Rows of a file (CSV, Parquet, NDJSON) or, where `source` is a SQLAlchemy URL, of a query or a table.

    Raises BadInput naming the file (see rows.py for faults that show later) and DatabaseUnavailable.
    """
    if isinstance(source, str) and "://" in source:
        from regreport.sources.sql import read_sql  # SQLAlchemy is loaded only by who reads from a database

        return read_sql(source, query=query, table=table)
    path = Path(source)
    if query or table:
        raise BadInput("a query or a table belongs to a database URL, not to a file", file=path.name)
    form = _form_of(path)
    if form == "parquet":
        from regreport.sources.parquet import read_parquet

        return read_parquet(path)
    if form == "ndjson":
        from regreport.sources.ndjson import read_ndjson

        return read_ndjson(path)
    from regreport.sources.delimited import read_delimited

    return read_delimited(path, layout or Layout())


def _form_of(path: Path) -> str:
    if not path.exists():
        raise BadInput("there is no such file", file=str(path))
    if not path.is_file():
        raise BadInput("this is not a regular file", file=str(path))
    with path.open("rb") as stream:
        start = stream.read(4096)
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise BadInput(f"this is {what}", "Export it as UTF-8 CSV, Parquet or NDJSON", file=path.name)
    content = _content(start)
    form = _SUFFIXES.get(path.suffix.lower(), content)
    if "parquet" in (form, content) and form != content and start:
        problem = f"the name says {form or 'nothing'}, the content is {content or 'text'}"
        raise BadInput(problem, "Give it the suffix of what it is", file=path.name)
    return form or "csv"


def _content(start: bytes) -> str:
    if start.startswith(b"PAR1"):
        return "parquet"
    return "ndjson" if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else ""
