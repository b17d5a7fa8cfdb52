"""A query or a table of a database as rows of text, in bulk through SQLAlchemy.

Decimals and timestamps keep their digits; binary floating point is marked as inexact, so that no amount comes from it.
The password of the URL stays out of names and messages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import polars as pl
from sqlalchemy import MetaData, Table, create_engine, select, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, OperationalError, SQLAlchemyError

from regreport.errors import BadInput, DatabaseUnavailable
from regreport.sources.rows import SourceRows

CHUNK_ROWS = 50_000


def read_sql(url: str, *, query: str | None = None, table: str | None = None) -> SourceRows:
    """The rows of `query` or of the whole `table` (one of the two), read once. The order is the database's own: a query
    that orders its rows gives the same digest each time. Raises BadInput and DatabaseUnavailable."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadInput("this is no SQLAlchemy URL", "For example: mysql+pymysql://user@host/database") from None
    name = parsed.render_as_string(hide_password=True)
    if (query is None) == (table is None):
        raise BadInput("a database source needs either a query or a table", file=name)
    name = f"{name} {table or 'query'}"
    try:
        engine = create_engine(parsed)
    except (ModuleNotFoundError, NoSuchModuleError) as fault:
        raise BadInput(f"no driver for this URL: {fault}", "For MySQL: pip install 'regreport[mysql]'", name) from None
    try:
        return _read(engine, name, query, table)
    except OperationalError as fault:
        if _is_faulty_query(fault):
            raise BadInput(f"the database refused the query: {fault.orig}", file=name) from None
        raise DatabaseUnavailable(f"{name}: {fault.orig}") from None
    except NoSuchTableError:
        raise BadInput("the database has no such table or view", file=name) from None
    except SQLAlchemyError as fault:
        raise BadInput(f"the database refused the query: {getattr(fault, 'orig', fault)}", file=name) from None
    finally:
        engine.dispose()


def _read(engine: Engine, name: str, query: str | None, table: str | None) -> SourceRows:
    digest = hashlib.sha256()
    inexact: set[str] = set()
    chunks: list[pl.DataFrame] = []
    with engine.connect().execution_options(stream_results=True, yield_per=CHUNK_ROWS) as connection:
        statement = text(query) if query is not None else select(Table(table or "", MetaData(), autoload_with=engine))
        result = connection.execute(statement)
        if not result.returns_rows:
            raise BadInput("the query returns no rows; only a SELECT is a source", file=name)
        columns = tuple(result.keys())
        _refuse_twice(columns, name)
        for rows in result.partitions():
            chunk = _chunk(rows, columns, inexact, name)
            digest.update(chunk.write_csv().encode())
            chunks.append(chunk)
    if not chunks:
        digest.update(",".join(columns).encode())
    return SourceRows(name, digest.hexdigest(), columns, lambda: iter(chunks), frozenset(inexact))


def _chunk(rows: Sequence[Sequence[object]], columns: tuple[str, ...], inexact: set[str], name: str) -> pl.DataFrame:
    series = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        if any(isinstance(value, float) for value in values):
            inexact.add(column)
        texts = [_text(value, column, name) for value in values]
        series.append(pl.Series(column, texts, dtype=pl.String))
    return pl.DataFrame(series)


def _text(value: object, column: str, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    remedy = "Cast it to text in the query"
    raise BadInput(f"a value of type {type(value).__name__} has no text", remedy, file=name, field=column)


def _refuse_twice(columns: tuple[str, ...], name: str) -> None:
    for position, column in enumerate(columns):
        if column in columns[:position]:
            raise BadInput("the query names two columns alike", "Rename one with AS", file=name, field=column)


def _is_faulty_query(fault: OperationalError) -> bool:
    """SQLite reports a query it cannot understand in the same class as a file that it cannot open."""
    words = str(fault.orig).lower()
    return any(word in words for word in ("no such", "syntax error", "has no column", "ambiguous"))
