"""Reference data files to snapshots: instruments, LEIs and MICs in our own columns or in the official layouts.

A snapshot is believed by every rule that needs it, so a file with a faulty row is refused whole. Blanks around values
are taken off, and of a timestamp the day is kept: reference data is dated by day here. Layouts: ISO 10383 (list of
market identifier codes, CSV), GLEIF golden copy (LEI-CDF 3.1 level 1, CSV).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import polars as pl

from regreport.errors import BadInput, ConfigurationError
from regreport.sources.layout import Layout
from regreport.sources.read import read_source
from regreport.sources.rows import SourceRows

_Names = Mapping[str, str]
_NONE: _Names = MappingProxyType({})


@dataclass(frozen=True)
class Dataset:
    """The columns of a snapshot. `key` is unique and never empty; `forms` are patterns of columns that may not be
    empty; `official` are names of another layout -> ours (a column of ours that it lacks is null), `codes` its codes.
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    dates: tuple[str, ...]
    forms: _Names
    lists: tuple[str, ...] = ()
    official: _Names = field(default_factory=lambda: _NONE)
    codes: Mapping[str, _Names] = field(default_factory=lambda: MappingProxyType({}))


DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        "instruments": Dataset(
            columns=(
                "isin",
                "full_name",
                "cfi",
                "notional_currency",
                "venue",
                "admission_request_date",
                "first_trade_date",
                "termination_date",
                "underlying_isins",
                "underlying_index",
                "list",
            ),
            key=("isin", "venue", "list"),
            dates=("admission_request_date", "first_trade_date", "termination_date"),
            forms={"isin": "[A-Z]{2}[A-Z0-9]{9}[0-9]", "venue": "[A-Z0-9]{4}", "list": "EU|UK"},
            lists=("underlying_isins",),
        ),
        "leis": Dataset(
            columns=(
                "lei",
                "legal_name",
                "country",
                "entity_status",
                "registration_status",
                "category",
                "registered_on",
                "ended_on",
            ),
            key=("lei",),
            dates=("registered_on", "ended_on"),
            forms={"lei": "[A-Z0-9]{18}[0-9]{2}", "entity_status": "[A-Z]+", "registration_status": "[A-Z_]+"},
            official={
                "LEI": "lei",
                "Entity.LegalName": "legal_name",
                "Entity.LegalAddress.Country": "country",
                "Entity.EntityStatus": "entity_status",
                "Registration.RegistrationStatus": "registration_status",
                "Entity.EntityCategory": "category",
                "Registration.InitialRegistrationDate": "registered_on",
                "Entity.EntityExpirationDate": "ended_on",
            },
        ),
        "mics": Dataset(
            columns=(
                "mic",
                "operating_mic",
                "kind",
                "category",
                "country",
                "name",
                "status",
                "valid_from",
                "valid_to",
            ),
            key=("mic",),
            dates=("valid_from", "valid_to"),
            forms={
                "mic": "[A-Z0-9]{4}",
                "operating_mic": "[A-Z0-9]{4}",
                "kind": "OPRT|SGMT",
                "status": "ACTIVE|EXPIRED",
            },
            official={
                "MIC": "mic",
                "OPERATING MIC": "operating_mic",
                "OPRT/SGMT": "kind",
                "MARKET CATEGORY CODE": "category",
                "ISO COUNTRY CODE (ISO 3166)": "country",
                "MARKET NAME-INSTITUTION DESCRIPTION": "name",
                "STATUS": "status",
                "CREATION DATE": "valid_from",
                "EXPIRY DATE": "valid_to",
            },
            codes={"status": {"UPDATED": "ACTIVE", "MODIFIED": "ACTIVE"}},
        ),
    }
)


def load_reference(dataset: str, path: Path, layout: Layout | None = None) -> pl.DataFrame:
    """The snapshot in a file: the columns of the dataset, all text (lists: List(String)), ordered by key.

    Raises ConfigurationError for an unknown dataset, BadInput for a missing column, an empty or repeated key, a value
    of the wrong form, a date that is none.
    """
    if dataset not in DATASETS:
        raise ConfigurationError(f"no reference dataset is called {dataset!r}. There are: {', '.join(DATASETS)}")
    wanted = DATASETS[dataset]
    rows = read_source(path, layout)
    origin = _origins(rows, wanted, dataset)
    frame = pl.concat([_empty(wanted), *(_chunk(chunk, wanted, origin) for chunk in rows.chunks())])
    frame = frame.with_row_index("record", offset=1)
    _check(frame, wanted, rows.name)
    frame = frame.drop("record").sort(wanted.key)
    return frame.with_columns(pl.col(name).str.split("|") for name in wanted.lists)


def _empty(wanted: Dataset) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(wanted.columns, pl.String))


def _origins(rows: SourceRows, wanted: Dataset, dataset: str) -> dict[str, str]:
    """Our column -> theirs. Our own layout must be complete, of the official one what no form needs may be absent."""
    official = {ours: theirs for theirs, ours in wanted.official.items()}
    if official.get(wanted.key[0]) not in rows.columns:
        missing = [name for name in wanted.columns if name not in rows.columns]
        origin = {name: name for name in wanted.columns}
    else:
        origin = {ours: theirs for ours, theirs in official.items() if theirs in rows.columns}
        missing = [official[name] for name in wanted.forms if name not in origin]
    if missing:
        layouts = f"{dataset} has the columns {', '.join(wanted.columns)}"
        layouts += f" (or, in the official layout, {', '.join(wanted.official)})" if wanted.official else ""
        raise BadInput(f"the file has no column {', '.join(missing)}", layouts, file=rows.name)
    return origin


def _chunk(chunk: pl.DataFrame, wanted: Dataset, origin: dict[str, str]) -> pl.DataFrame:
    def text(name: str) -> pl.Expr:
        if name not in origin:
            return pl.lit(None, dtype=pl.String).alias(name)
        value = pl.col(origin[name]).str.strip_chars()
        value = pl.when(value != "").then(value)
        if name in wanted.codes:
            value = value.replace(dict(wanted.codes[name]))
        if name in wanted.dates:
            value = value.str.replace(r"^([0-9]{4})([0-9]{2})([0-9]{2})$", "$1-$2-$3")
            value = value.str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})?$", "$1")
        return value.alias(name)

    return chunk.select(text(name) for name in wanted.columns)


def _check(frame: pl.DataFrame, wanted: Dataset, file: str) -> None:
    for name, form in wanted.forms.items():
        fine = pl.col(name).str.contains(f"^(?:{form})$").fill_null(False)
        _refuse(frame.filter(~fine), name, f"not of the form {form}", file)
    for name in wanted.dates:
        day = pl.col(name).str.to_date("%Y-%m-%d", strict=False)
        exact = pl.col(name).str.contains("^[0-9]{4}-[0-9]{2}-[0-9]{2}$") & day.is_not_null()
        _refuse(frame.filter(pl.col(name).is_not_null() & ~exact), name, "not a date", file)
    twice = frame.filter(~pl.struct(wanted.key).is_first_distinct()).head(1)
    if twice.height:
        value = ", ".join(twice[name][0] for name in wanted.key)
        remedy = "Keep one of the rows"
        names = ", ".join(wanted.key)
        raise BadInput("the key stands twice in the file", remedy, file, twice["record"][0], field=names, value=value)


def _refuse(faulty: pl.DataFrame, name: str, problem: str, file: str) -> None:
    if faulty.height:
        value = faulty[name][0] or ""
        problem = problem if value else "empty"
        raise BadInput(problem, "Correct or leave out the row", file, faulty["record"][0], field=name, value=value)
