"""The two sides of a transaction: what mirrors between fields 7 to 15 (buyer) and 16 to 24 (seller)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Person:
    """A group that may hold natural persons, with the numbers of its fields and the code for an impossible birth."""

    group: str
    word: str
    number: int
    birth_code: str

    def column(self, name: str) -> str:
        """The group's column, e.g. `buyer.id`."""
        return f"{self.group}.{name}"


@dataclass(frozen=True)
class Side:
    """One side: the party, who decides for it, and the rules' codes that differ."""

    party: Person
    maker: Person
    lei_code: str
    maker_lei_code: str

    @property
    def branch(self) -> str:
        """Number of the field with the country of the party's branch."""
        return str(self.party.number + 1)


BUYER: Final = Side(
    party=Person("buyer", "buyer", 7, "CON-110"),
    maker=Person("buyer_decision_maker", "buyer's decision maker", 12, "CON-150"),
    lei_code="CON-070",
    maker_lei_code="R22-ESMA-043",
)
SELLER: Final = Side(
    party=Person("seller", "seller", 16, "CON-200"),
    maker=Person("seller_decision_maker", "seller's decision maker", 21, "CON-240"),
    lei_code="CON-160",
    maker_lei_code="R22-ESMA-072",
)
SIDES: Final = (BUYER, SELLER)
