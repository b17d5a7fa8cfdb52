"""The firm's own mapping: a TOML file that says which of their columns is which of ours, and how its text is read.

Nothing is mapped that the file does not name, no code is translated that it does not list, and a key that is not known
is an error, because a key that is silently ignored is a default.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from regreport.errors import ConfigurationError
from regreport.sources.columns import Column, Columns, load_columns
from regreport.sources.declared import known_keys, one_of, table, text
from regreport.sources.layout import DELIMITERS, ENCODINGS, QUOTES, Layout
from regreport.sources.reading import Reading, declared_reading
from regreport.sources.values import read_values


@dataclass(frozen=True)
class ColumnRule:
    """Where one canonical column comes from: a source column (`origin`) or a `constant`.

    `translate` maps their codes to ours ("" means no value); a code it does not list is a fault unless `otherwise` is
    "keep". None: values are taken as they are.
    `when_empty` is the declared value of an empty cell; None leaves it empty.
    """

    column: Column
    origin: str | None
    constant: str | None = None
    translate: Table[str, str] | None = None
    otherwise: str = ""
    when_empty: str | None = None
    reading: Reading = field(default_factory=Reading)


@dataclass(frozen=True)
class Mapping:
    """A mapping as declared: `text` is the file, `digest` its SHA-256; `ignored` are columns left out on purpose."""

    name: str
    kind: str
    text: str
    digest: str
    layout: Layout
    rules: Table[str, ColumnRule]
    ignored: frozenset[str]


def load_mapping(path: Path) -> Mapping:
    """The mapping in a TOML file. Raises ConfigurationError naming file, key and what is allowed."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"{path.name}: the mapping cannot be read: {fault}") from None
    return parse_mapping(content, path.name)


def parse_mapping(content: str, name: str) -> Mapping:
    """The same from its text; `name` is for messages."""
    try:
        declared = tomllib.loads(content)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigurationError(f"{name}: not TOML: {fault}") from None
    known_keys(declared, {"kind", "file", "columns", "ignored"}, name)
    kind = declared.get("kind", "")
    columns = load_columns(text(kind, f"{name}: kind"))
    layout, reading = _file_section(table(declared.get("file", {}), f"{name}: [file]"), name)
    rules = {
        column: _rule(columns[column], wanted, reading, f"{name}: [columns.{column}]")
        for column, wanted in table(declared.get("columns", {}), f"{name}: [columns]").items()
        if _is_column(column, columns, name)
    }
    for column in columns.values():
        if column.required and column.name not in rules:
            raise ConfigurationError(f"{name}: the required column {column.name!r} is not mapped: {column.meaning}")
    ignored = declared.get("ignored", [])
    if not isinstance(ignored, list) or not all(isinstance(one, str) for one in ignored):
        raise ConfigurationError(f"{name}: ignored must be a list of column names")
    digest = hashlib.sha256(content.encode("utf-8")).hexdigest()
    return Mapping(name, kind, content, digest, layout, MappingProxyType(rules), frozenset(ignored))


def canonical_mapping(kind: str, header: tuple[str, ...]) -> Mapping:
    """The mapping of a file whose columns already have our names: each maps onto itself, the others are unmapped."""
    columns = load_columns(kind)
    missing = [column.name for column in columns.values() if column.required and column.name not in header]
    if missing:
        raise ConfigurationError(
            f"without a mapping a file must have our column names, and {', '.join(missing)} is not there."
            " Make a mapping with: regreport init --from FILE"
        )
    names = "".join(f'{name} = "{name}"\n' for name in header if name in columns)
    return parse_mapping(f'kind = "{kind}"\n\n[columns]\n{names}', "canonical")


def _file_section(declared: dict[str, Any], name: str) -> tuple[Layout, Reading]:
    where = f"{name}: [file]"
    settings = dict(declared)
    layout = Layout(
        delimiter=one_of(settings.pop("delimiter", ","), tuple(DELIMITERS), f"{where} delimiter"),
        quote=one_of(settings.pop("quote", '"'), QUOTES, f"{where} quote"),
        encoding=one_of(settings.pop("encoding", "utf-8"), ENCODINGS, f"{where} encoding"),
        declared="delimiter" in declared,
    )
    return layout, declared_reading(Reading(), settings, where)


def _rule(column: Column, wanted: object, reading: Reading, where: str) -> ColumnRule:
    if isinstance(wanted, str):
        return ColumnRule(column, wanted, reading=reading)
    settings = dict(table(wanted, where))
    origin, constant = settings.pop("from", None), settings.pop("constant", None)
    if (origin is None) == (constant is None):
        raise ConfigurationError(f'{where} needs either from = "their column" or constant = "value"')
    translate = settings.pop("translate", None)
    if translate is not None:
        codes = table(translate, f"{where} translate")
        translate = MappingProxyType({code: text(our, f"{where} translate.{code}") for code, our in codes.items()})
    otherwise = one_of(settings.pop("otherwise", ""), ("", "keep"), f"{where} otherwise")
    when_empty = settings.pop("when_empty", None)
    if "format" in settings:
        settings[{"date": "date_format"}.get(column.type, "timestamp_format")] = settings.pop("format")
    rule = ColumnRule(
        column,
        None if origin is None else text(origin, f"{where} from"),
        None if constant is None else text(constant, f"{where} constant"),
        translate,
        otherwise,
        None if when_empty is None else text(when_empty, f"{where} when_empty"),
        declared_reading(reading, settings, where),
    )
    _check_declared_values(rule, where)
    return rule


def _check_declared_values(rule: ColumnRule, where: str) -> None:
    """A constant, a translation or a value for empty cells must itself be a value of the column's type."""
    declared = {f"translate.{code}": our for code, our in (rule.translate or {}).items()}
    if rule.when_empty is not None:
        declared["when_empty"] = rule.when_empty
    if rule.constant is not None:
        declared["constant"] = rule.constant
    for key, value in declared.items():
        problem = read_values(pl.Series("raw", [value]), rule.column.type, rule.reading).problem[0]
        if problem or (not value and not key.startswith("translate.")):
            raise ConfigurationError(f"{where} {key} {value!r} {problem or 'is empty'}")


def _is_column(name: str, columns: Columns, file: str) -> bool:
    if name in columns:
        return True
    near = get_close_matches(name, list(columns), n=3)
    hint = f". Near it: {', '.join(near)}" if near else ""
    raise ConfigurationError(f"{file}: [columns] {name!r} is not a canonical column{hint}")
