"""Finding one natural person in rows: by national id, passport or CONCAT, or by name and birth date.

The rows of many days are looked through as columns; of the few that match, the values of everybody else are hidden, as
the right of access must not tell of others (GDPR Art. 15(4)). A party's columns hold several persons side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from regreport.errors import BadInput
from regreport.masking import masked, without

PARTS: Final = ("id", "first_names", "surnames", "birth_date")
PARTIES: Final = tuple(
    f"{side}{who}" for side in ("client", "buyer", "seller", "counterparty") for who in ("", "_decision_maker")
)
TRADERS: Final = ("investment_decision_id", "execution_id", "counterparty")
"""Columns that hold one identifier and no names."""


@dataclass(frozen=True)
class Person:
    """Who is looked for: identifiers as they are written, and, where they are known, names and birth dates."""

    ids: frozenset[str]
    named: frozenset[tuple[str, str, str]] = frozenset()
    """(first names, surnames, birth date), folded."""

    def told_by(self, party: Mapping[str, Any]) -> bool:
        """Whether one person's values (of PARTS) are this person's."""
        given = str(party.get("id") or "").strip().upper()
        return (bool(given) and bool(_forms(given) & self.ids)) or _name_of(party) in self.named

    def with_others_of(self, parties: Iterable[Mapping[str, Any]]) -> Person:
        """With the identifiers and names that these values of the same person give as well."""
        known = list(parties)
        ids = {str(p["id"]).strip().upper() for p in known if p.get("id")}
        named = {name for p in known if all(name := _name_of(p))}
        return Person(self.ids | ids, self.named | named)


def person(identifier: str, name: str, born: str) -> Person:
    """Who is asked for: an identifier, or a name ("First Surname", "First,Second|Surname") and a birth date.

    Raises BadInput.
    """
    if identifier.strip():
        return Person(frozenset({identifier.strip().upper()}))
    first, _, last = name.partition("|") if "|" in name else name.strip().rpartition(" ")
    if not (first.strip() and last.strip() and born.strip()):
        raise BadInput(
            "who is meant? Give --id, or --name and --born",
            'A name is "First Surname"; where the surname has several words: "First|Van Surname"',
            field="--id",
        )
    return Person(frozenset(), frozenset({(_folded(first), _folded(last), born.strip())}))


def _folded(text: str) -> str:
    return " ".join(text.replace(",", " ").casefold().split())


def _name_of(party: Mapping[str, Any]) -> tuple[str, str, str]:
    first, last = _folded(str(party.get("first_names") or "")), _folded(str(party.get("surnames") or ""))
    return first, last, str(party.get("birth_date") or "")


def _forms(identifier: str) -> frozenset[str]:
    """An identifier with and without the country before it."""
    return frozenset({identifier, identifier[2:]}) if len(identifier) > 4 else frozenset({identifier})


def rows_of(table: pl.LazyFrame, who: Person) -> pl.DataFrame:
    """Rows of a source table or a field table that may tell of the person (others are looked at again one by one)."""
    schema = table.collect_schema()
    asked = [_may_tell(column, dtype, who) for column, dtype in schema.items()]
    wanted = [expression for expression in asked if expression is not None]
    return table.filter(pl.any_horizontal(wanted)).collect() if wanted else table.head(0).collect()


def _may_tell(column: str, dtype: pl.DataType, who: Person) -> pl.Expr | None:
    if column in PARTIES and isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        inner = {f.name for f in dtype.inner.fields}
        parts = [pl.element().struct.field(p) for p in ("id", "surnames") if p in inner]
        tests = [_matches(part, who, by_id=number == 0) for number, part in enumerate(parts)]
        return pl.col(column).list.eval(pl.any_horizontal(tests)).list.any()
    by_id = column in TRADERS or (column.endswith("_id") and column.removesuffix("_id") in PARTIES)
    by_name = column.endswith("_surnames") and column.removesuffix("_surnames") in PARTIES
    if not (by_id or by_name):
        return None
    if isinstance(dtype, pl.List):
        return pl.col(column).list.eval(_matches(pl.element(), who, by_id=by_id)).list.any()
    return _matches(pl.col(column), who, by_id=by_id)


def _matches(text: pl.Expr, who: Person, *, by_id: bool) -> pl.Expr:
    if by_id:
        plain, ids = text.str.strip_chars().str.to_uppercase(), sorted(who.ids)
        return (plain.is_in(ids) | plain.str.slice(2).is_in(ids)).fill_null(value=False)
    folded = text.str.replace_all(",", " ").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    return folded.is_in(
        sorted({last for _, last, _ in who.named} | {last.lower() for _, last, _ in who.named})
    ).fill_null(value=False)


def parties_of(row: Mapping[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """(party, place, values of PARTS) of every person of a row, of a source or of a field table."""
    for party in PARTIES:
        there = row.get(party)
        if isinstance(there, list) and there and isinstance(there[0], Mapping):
            yield from ((party, place, dict(one)) for place, one in enumerate(there))
            continue
        columns = {part: row.get(f"{party}_{part}") for part in PARTS}
        listed = {k: v if isinstance(v, list) else [v] for k, v in columns.items() if v is not None}
        for place in range(max((len(v) for v in listed.values()), default=0)):
            yield party, place, {k: v[place] for k, v in listed.items() if place < len(v)}
    for column in TRADERS:
        if isinstance(row.get(column), str):
            yield column, 0, {"id": row[column]}


def of_person(row: Mapping[str, Any], who: Person) -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
    """(the person's own values, the row with everybody else hidden); None where the row does not tell of the person."""
    parties = list(parties_of(row))
    own = [values for _, _, values in parties if who.told_by(values)]
    if not own:
        return None
    mine = {str(v) for values in own for v in values.values() if v}
    others = {str(v) for _, _, values in parties for v in values.values() if v and str(v) not in mine}
    return own, {column: _hidden(column, value, mine, others) for column, value in row.items() if value is not None}


def _hidden(column: str, value: Any, mine: set[str], others: set[str]) -> Any:
    if isinstance(value, list):
        return [_hidden(column, one, mine, others) for one in value]
    if isinstance(value, Mapping):
        return {k: _hidden(f"{column}.{k}", v, mine, others) for k, v in value.items() if v is not None}
    if isinstance(value, str) and value not in mine:
        return without(masked(column, value), sorted(others, key=len, reverse=True))
    return value
