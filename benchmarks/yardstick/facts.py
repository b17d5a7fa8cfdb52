"""The facts that the rules look at, added to one record after the other by look-ups in dictionaries.

Written from `regimes.mifir.rules.facts` (what each fact means), with none of the regime's own code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from regreport.codelists.country import eea_members

Row = dict[str, Any]
_GROUPS = ("buyer", "seller", "buyer_decision_maker", "seller_decision_maker")
_FIRMS = (
    ("executing", "executing_entity"),
    ("submitting", "submitting_entity"),
    ("transmitting_buyer", "transmitting_firm_buyer"),
    ("transmitting_seller", "transmitting_firm_seller"),
)
_LEGS = ("underlying", "underlying_in", "underlying_out")


class Facts:
    """Reference data as dictionaries, and what is the same for every record of a report."""

    def __init__(self, reference: Mapping[str, pl.DataFrame], area: str, of_report: Mapping[str, str]) -> None:
        self.area = area
        self.of_report = {**of_report, "@jurisdiction": area}
        self.instruments: dict[str, list[Row]] = defaultdict(list)
        for line in reference["instruments"].to_dicts():
            self.instruments[line["isin"]].append(line)
        self.leis = {line["lei"]: line for line in reference["leis"].to_dicts()}
        self.mics = {line["mic"]: line for line in reference["mics"].to_dicts()}
        self.venues: dict[tuple[str, str], Row] = {}

    @cached_property
    def segmented(self) -> frozenset[str]:
        """Operating MICs that have segments."""
        return frozenset(line["operating_mic"] for line in self.mics.values() if line["kind"] == "SGMT")

    def add(self, row: Row) -> None:
        """Add the facts to one record."""
        row.update(self.of_report)
        time = row["trading_date_time"]
        day = row["@trade_date"] = None if time is None else time[:10]
        known, cfi = self.instrument(row["isin"], day)
        row["@instrument.known"], row["@instrument.cfi"] = known, cfi
        row["@cfi"] = row["instrument_classification"] if row["instrument_classification"] is not None else cfi
        named = [self.instrument(isin, day)[0] for isin in self.underlyings(row)]
        row["@underlying.known"] = None if not named else "true" if "true" in named else "false"
        row.update(self.venue(row["venue"], day))
        for firm, column in _FIRMS:
            row[f"@{firm}.status"] = self.lei(row[column])[0]
        row["@executing.category"] = self.lei(row["executing_entity"])[1]
        for group in _GROUPS:
            for party in row[group] or ():
                lei = party["id"] if party["id_type"] == "LEI" else None
                party["lei_status"], party["lei_category"] = self.lei(lei)

    def underlyings(self, row: Row) -> Iterator[str]:
        """Every underlying that is named by its ISIN."""
        for leg in _LEGS:
            for column in (f"{leg}_isin", f"{leg}_index_isin"):
                if row[column] is not None:
                    yield row[column]
            yield from (isin for isin in row[f"{leg}_basket_isin"] or () if isin is not None)

    def instrument(self, isin: str | None, day: str | None) -> tuple[str | None, str | None]:
        """Whether an ISIN is in the list on a day, and its CFI code."""
        if isin is None or day is None:
            return None, None
        known, cfi = "false", None
        for line in self.instruments.get(isin, ()):
            starts = [s[:10] for s in (line["admission_request_date"], line["first_trade_date"]) if s]
            ours = line["list"] in (None, self.area)
            valid = ours and (not starts or min(starts) <= day) and day <= (line["termination_date"] or "9")
            if valid and known == "false":
                known, cfi = "true", line["cfi"] or cfi
            cfi = cfi or line["cfi"]
        return known, cfi

    def venue(self, mic: str | None, day: str | None) -> Row:
        """What a venue is on a day."""
        if mic is None or day is None:
            return dict.fromkeys(
                f"@venue.{f}" for f in ("kind", "category", "country", "eea", "has_segments", "active")
            )
        if (mic, day) not in self.venues:
            self.venues[mic, day] = self._venue(mic, day)
        return self.venues[mic, day]

    def _venue(self, mic: str, day: str) -> Row:
        line = self.mics.get(mic)
        if line is None:
            kind = mic if mic in ("XOFF", "XXXX") else "NONE"
            facts = {"kind": kind, "category": None, "country": None, "eea": None, "has_segments": None}
            return {f"@venue.{k}": v for k, v in facts.items()} | {"@venue.active": "false"}
        kind = mic if mic in ("XOFF", "XXXX") else "SINT" if line["category"] == "SINT" else line["kind"]
        begun = line["valid_from"] is None or line["valid_from"] <= day
        going = line["status"] == "ACTIVE" if line["valid_to"] is None else day <= line["valid_to"]
        facts = {
            "kind": kind,
            "category": line["category"],
            "country": line["country"],
            "eea": _text(line["country"] in eea_members(date.fromisoformat(day))),
            "has_segments": _text(mic in self.segmented),
            "active": _text(begun and going),
        }
        return {f"@venue.{k}": v for k, v in facts.items()}

    def lei(self, lei: str | None) -> tuple[str | None, str | None]:
        """Entity and registration status of an LEI, and its category."""
        if lei is None:
            return None, None
        line = self.leis.get(lei)
        if line is None:
            return "UNKNOWN", None
        return f"{line['entity_status']}/{line['registration_status']}", line["category"]


def _text(verdict: bool) -> str:
    return "true" if verdict else "false"
