"""Buyer and seller, and who decides for them: from the firm's own columns, else from side, capacity and client.

`buyer_*` and `seller_*` win where the firm fills them. Else one party is the near side, which `side` speaks of: the
client where there is one, else the entity. The far side is the entity where it deals with its client from its own book
(DEAL, MTCH), else the counterparty. A client's decision maker stands on the client's side; where the entity decides
under the client's mandate and nobody else is named, that is the entity itself.

Source: RTS 22 (EU) 2017/590 Annex I fields 7 to 24 and 29; ESMA Q&A 1511, 1707; FCA Market Watch 55 (the immediate
client or counterparty, never further up or down the chain). That matched principal names the entity on one side of each
leg is our reading of the annex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from regreport.regimes.mifir.mapping.persons import Nationals, identified
from regreport.regimes.mifir.mapping.source import DECIDER, PARTY, given, has, listed

OWN: Final = ("DEAL", "MTCH")
"""Capacities in which the entity is itself a party."""
AGENCY: Final = "AOTC"
_MEMBERS: Final = ("id", "id_type", "branch_country", "first_names", "surnames", "birth_date")


@dataclass(frozen=True)
class Role:
    """Where a party may be taken from: the prefix of list columns, or a column of one identifier and its kind."""

    name: str
    prefix: str = ""
    column: str = ""
    kind: str | None = None


ENTITY: Final = Role("entity", column="entity", kind="LEI")
COUNTERPARTY: Final = Role("counterparty", column="counterparty")
CLIENT: Final = Role("client", prefix="client")
CLIENTS_DECIDER: Final = Role("client's", prefix="client_decision_maker")


def roles(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `~client` (there is one) and, for each of the four groups, whom it is taken from (`~buyer`)."""
    client = given(rows, [f"client_{c}" for c in PARTY])
    decider = given(rows, [f"client_decision_maker_{c}" for c in DECIDER])
    own = pl.col("trading_capacity").is_in(OWN)
    party = own | (pl.col("trading_capacity") == AGENCY)
    mandate = ((pl.col("order_origin") == "MANDATE") | (pl.col("service") == "MANDATE")).fill_null(value=False)
    near = pl.when(party & client).then(pl.lit("client")).when(own).then(pl.lit("entity"))
    far = pl.when(own & client).then(pl.lit("entity")).when(party & pl.col("counterparty").is_not_null())
    far_source = far.then(pl.lit("counterparty"))
    decides = pl.when(decider & (client | (pl.col("trading_capacity") == AGENCY))).then(pl.lit("client's"))
    decides_for_near = decides.when(client & party & mandate & ~decider).then(pl.lit("entity"))
    chosen = []
    for group, near_side, far_side in (("buyer", "BUY", "SELL"), ("seller", "SELL", "BUY")):
        explicit = given(rows, [f"{group}_{c}" for c in PARTY])
        source = pl.when(explicit).then(pl.lit(group)).when(pl.col("side") == near_side).then(near)
        chosen.append(source.when(pl.col("side") == far_side).then(far_source).alias(f"~{group}"))
        maker = f"{group}_decision_maker"
        named = given(rows, [f"{maker}_{c}" for c in DECIDER])
        source = pl.when(named).then(pl.lit(maker)).when(pl.col("side") == near_side).then(decides_for_near)
        chosen.append(source.alias(f"~{maker}"))
    return rows.with_columns(client.alias("~client"), *chosen)


def groups(rows: pl.DataFrame, nationals: Nationals) -> list[pl.Series]:
    """The four groups of parties as list columns of the field table, from rows that have gone through `roles`."""
    made = []
    for group in ("buyer", "seller"):
        explicit = Role(group, prefix=group)
        made.append(_group(rows, group, (explicit, CLIENT, ENTITY, COUNTERPARTY), nationals, venues=True))
        maker = f"{group}_decision_maker"
        explicit = Role(maker, prefix=maker)
        made.append(_group(rows, maker, (explicit, CLIENTS_DECIDER, ENTITY), nationals, venues=False))
    return made


def _group(rows: pl.DataFrame, group: str, taken: Sequence[Role], nationals: Nationals, *, venues: bool) -> pl.Series:
    """One group: each of its places as flat columns, identified, then put together as a list of structs."""
    source = rows.get_column(f"~{group}")
    names = [c for c in _MEMBERS if venues or c != "branch_country"]
    used = [role for role in taken if (source == role.name).any()]
    if not used:
        return pl.Series(group, [None] * rows.height, dtype=pl.List(pl.Struct(dict.fromkeys(names, pl.String))))
    members = []
    for place in range(_size(rows, used)):
        flat = rows.select(_taken(rows, group, column, used, place).alias(column) for column in PARTY)
        there = pl.any_horizontal(pl.col(c).is_not_null() for c in PARTY)
        member = identified(flat.with_columns(_there=there), nationals, venues=venues)
        members.append(member.select(pl.when("_there").then(pl.struct(names)).alias(str(place))))
    frame = pl.concat(members, how="horizontal")
    return frame.select(listed([pl.col(c) for c in frame.columns]).alias(group)).get_column(group)


def _size(rows: pl.DataFrame, used: Sequence[Role]) -> int:
    """How many members the largest party has."""
    columns = [f"{role.prefix}_{c}" for role in used if role.prefix for c in PARTY if has(rows, f"{role.prefix}_{c}")]
    sizes = [rows.get_column(c).list.len().max() for c in columns]
    return max([1, *(int(size) for size in sizes if isinstance(size, int))])


def _taken(rows: pl.DataFrame, group: str, column: str, used: Sequence[Role], place: int) -> pl.Expr:
    """A column of the member at a place, from whichever role the group is taken from in each row."""
    cases = []
    for role in used:
        here = pl.col(f"~{group}") == role.name
        source = f"{role.prefix}_{column}"
        if role.prefix and has(rows, source):
            cases.append(pl.when(here).then(pl.col(source).list.get(place, null_on_oob=True)))
        elif role.column and place == 0 and column == "id":
            cases.append(pl.when(here).then(pl.col(role.column)))
        elif role.kind and place == 0 and column == "id_type":
            cases.append(pl.when(here).then(pl.lit(role.kind)))
    return pl.coalesce(cases) if cases else pl.lit(None, dtype=pl.String)
