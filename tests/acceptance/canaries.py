"""A hundred planted persons, and where they must not be found."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PERSONS = 100
BROKEN = {
    1: ("CliBorn", "{}-31-31"),  # not a date
    2: ("CliLast", "{}\u200b"),  # a character that nobody can see
    3: ("CliId", "{}9"),  # not the form of a CONCAT
    4: ("CliIdType", "N"),  # a CONCAT said to be a national id
    5: ("Px", "not a price"),
}
"""Of every ten persons, who has what wrong: those records are held, and what is said of them may quote a value."""


@dataclass
class Canaries:
    """Persons' values that were planted, in every form that they may be written in."""

    values: set[str] = field(default_factory=set)

    def add(self, *values: str) -> None:
        """Plant values, and a birth date also as it is written in identifiers."""
        for value in values:
            self.values.add(value)
            if value[:2] == "19" and value.count("-") == 2:
                self.values.add(value.replace("-", ""))

    def found_in(self, content: bytes) -> list[str]:
        """Which of them some bytes hold: as text, in UTF-16, in hexadecimal digits."""
        forms = (
            (v, (v.encode(), v.upper().encode(), v.encode("utf-16-le"), v.encode().hex().encode())) for v in self.values
        )
        return sorted(v for v, several in forms if any(form in content for form in several))


def person(number: int) -> dict[str, str]:
    """A made-up German whose every value is unlike anything else in a day."""
    letters = "".join(chr(ord("A") + number // step % 10) for step in (10, 1))
    first, last = f"Qz{letters.lower()}xkanari", f"Vj{letters.lower()}wvogel"
    born = f"19{11 + number % 8}-0{1 + number // 8 % 9}-{10 + number % 17}"
    concat = f"DE{born.replace('-', '')}{first[:5].upper()}{last[:5].upper()}"
    return {"first": first, "last": last, "born": born, "id": concat}


def plant(trades: Path) -> Canaries:
    """Make the clients and the traders of a hundred records of a day planted persons."""
    canaries = Canaries()
    with trades.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    clients = [r for r in rows if r["CliId"] and r["CliIdType"] in ("L", "N", "C", "P") and r["Event"] == "TRD"]
    for number, row in enumerate(clients[:PERSONS]):
        who, trader = person(number), person(number + PERSONS)
        row |= {"CliId": who["id"], "CliIdType": "C", "CliFirst": who["first"], "CliLast": who["last"]}
        row |= {"CliBorn": who["born"], "CliNat": "DE", "CliBranch": ""}
        canaries.add(*who.values())
        if row["ExecKind"] in ("N", "C", "P"):
            row |= {"Exec": trader["id"], "ExecKind": "C", "ExecNat": "DE"}
            canaries.add(trader["id"], trader["born"])
        column, form = BROKEN.get(number % 10, ("", ""))
        if column:
            row[column] = form.format(row[column])
    with trades.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return canaries


def dearer(trades: Path, again: Path) -> None:
    """The same day once more, with another price for every fourth record: corrections and held ones."""
    with trades.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with again.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow(row | {"Px": f"{row['Px']}1"} if number % 4 == 0 and "." in row["Px"] else row)


def leaks(canaries: Canaries, workspace: Path, plain: Iterable[str]) -> dict[str, list[str]]:
    """Files of a workspace that hold a planted value in their bytes or in their name -> the values. `plain`: what lies
    there in plain on purpose."""
    found = {}
    for path in sorted(workspace.rglob("*")):
        name = str(path.relative_to(workspace))
        here = canaries.found_in(name.encode())
        if path.is_file() and not name.startswith(tuple(plain)):
            here += canaries.found_in(path.read_bytes())
        if here:
            found[name] = here
    return found


def ledger_values(ledger: Path) -> Iterator[tuple[str, str]]:
    """(table and column, value) of everything in the ledger."""
    with sqlite3.connect(ledger) as connection:
        for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            rows = connection.execute(f"select * from {table}")
            columns = [c[0] for c in rows.description]
            for row in rows:
                yield from ((f"{table}.{c}", str(v)) for c, v in zip(columns, row, strict=True))
