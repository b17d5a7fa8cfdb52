"""The `@` facts that the decision rules look at: what the source says, what follows from it with certainty, and what
the reference data and the entity's own facts add. What does not follow stays null, so that the record is held.

A supplied fact stands unless CFI code or list rule it out, which holds the record; derivation only fills what was left
empty. What is derived, and from what:

- `@product_kind` from the instrument being on the list, or from the category of its CFI code
- `@derivative`, `@debt`, `@otc_derivative`, `@otc_class_8a2` from the CFI code, the venue and `cleared`
- `@service`, `@order_origin` from the trading capacity and the service

Source: the definitions in MiFIR Art. 2(1), EMIR Art. 2(7), RTS 22 Art. 3; ISO 10962 for the CFI code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from regreport.errors import ConfigurationError
from regreport.regime import ReportContext
from regreport.regimes.mifir.eligibility.instrument import SCOPE_CHANGE
from regreport.regimes.mifir.eligibility.listing import Listing, listing
from regreport.regimes.mifir.eligibility.underlying import UNDERLYING_COLUMNS, underlying_facts
from regreport.regimes.mifir.eligibility.venue import union_members, venue_facts

UK_LAW_FROM: Final = "2020-12-31T23:00:00"
NEW_COLUMNS: Final = (
    "event_kind",
    "holder_choice",
    "product_kind",
    "is_otc_derivative",
    "otc_class_8a2",
    "cleared",
    "underlying_on_venue",
    "escb_counterparty",
    "employee_plan_criteria_met",
    "offer_terms_fixed",
    "post_trade_publication",
    "service",
    "order_origin",
    "transmitted",
    "receiver_is_firm",
    "receiver_agreed",
    "agreement_controls",
    "details_complete",
    "reported_by_trade_repository",
    "member_subject_to_mifir",
    "branch_country",
    "trading_capacity",
    "venue",
    "isin",
    "instrument_classification",
    "jurisdiction",
    "report_type",
)
LISTS: Final = ("client_id", "client_id_type", "client_kind")
READ: Final = ("timestamp", *NEW_COLUMNS, *LISTS, *UNDERLYING_COLUMNS)
OTC_SCOPES: Final = ("L1_2024", "LEGACY")
UK_SCOPES: Final = ("UK_GIBRALTAR_EU", "UK_ONLY")
PERSONAL: Final = ("client_first_names", "client_surnames", "client_birth_date", "client_nationality")
LEI_MIC_OR_INTC: Final = r"^(?:[A-Z0-9]{18}[0-9]{2}|[A-Z0-9]{4})$"
INSTRUMENT_CFI: Final = r"^[ECDROFSHJ]"
OTHER_CFI: Final = r"^[ECDRILT]"
DERIVATIVE_CFI: Final = r"^[OFSHJ]"
NEVER_LISTED_CFI: Final = r"^[SHJ]"
"""Swaps, non-listed options and forwards: OTC derivatives unless they were executed on a regulated market."""
NO_8A2_CFI: Final = r"^(?:[SHJ][EFT]|[OF])"
"""Equity, currency and commodity contracts, and listed options and futures: no class of MiFIR Art. 8a(2)."""


def facts(source: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """Source rows -> the same rows in the same order with `@` fact columns (text; null: not known).

    `source`: landed rows of kind transaction; a canonical column that an older landing lacks counts as empty. Uses the
    data sets instruments and mics of the context where they are loaded. Raises ConfigurationError for a setting that
    cannot be understood.
    """
    complete = _complete(source)
    read = [c for c in (*READ, *PERSONAL) if c in complete.columns]
    rows = complete.select(*read, pl.col("timestamp").str.head(10).alias("@trade_date"))
    rows = rows.with_columns(_law(context), *_office(rows, context))
    laws = rows["@law"].unique().sort().to_list() or ["EU"]  # a day whose records are all held before has no row
    lists = {law: listing(law, context) for law in laws}
    lines = _lines(rows, lists)
    rows = rows.with_columns(*venue_facts(rows, context).get_columns(), *_listed(rows, lines, lists))
    below = rows.with_columns(listed_isins=lines["underlying_isins"], listed_index=lines["underlying_index"])
    below = underlying_facts(below, lambda asked: _on_list(asked, lists))
    rows = rows.with_columns(*_instrument(), *_execution(), *_settled(context), _client(rows), *below.get_columns())
    return complete.with_columns(rows[c] for c in rows.columns if c.startswith("@"))


def _lines(rows: pl.DataFrame, lists: Mapping[str, Listing]) -> pl.DataFrame:
    """The line of the list for each row's instrument, by the law that applies to it."""
    if len(lists) == 1:
        return next(iter(lists.values())).find(rows["isin"])
    parts = [held.find(rows.filter(pl.col("@law") == law)["isin"]) for law, held in lists.items()]
    return pl.concat(parts)[_places(rows["@law"], lists)]


def _on_list(asked: pl.DataFrame, lists: Mapping[str, Listing]) -> pl.Series:
    """Whether each `isin` is on the list of its `@law` on its `@trade_date`."""
    if len(lists) == 1:
        return next(iter(lists.values())).on_list(asked["isin"], asked["@trade_date"])
    parts = [asked.filter(pl.col("@law") == law) for law in lists]
    found = [held.on_list(p["isin"], p["@trade_date"]) for p, held in zip(parts, lists.values(), strict=True)]
    return pl.concat(found)[_places(asked["@law"], lists)]


def _places(laws: pl.Series, lists: Mapping[str, Listing]) -> pl.Series:
    """Where each row stands once the rows are put together law by law."""
    order = pl.concat([(laws == law).arg_true() for law in lists])
    return pl.DataFrame({"row": order}).with_row_index("place").sort("row")["place"]


def _listed(rows: pl.DataFrame, lines: pl.DataFrame, lists: Mapping[str, Listing]) -> list[pl.Expr | pl.Series]:
    """`@list.loaded`, `@instrument.known`, `@cfi`. Without an ISIN, XXXX says that no venue trades the instrument."""
    loaded = {law: str(held.loaded).lower() for law, held in lists.items()}
    on_list = pl.lit(_on_list(rows.select("isin", "@law", "@trade_date"), lists))
    known = pl.when(pl.col("isin").is_not_null()).then(on_list).when(pl.col("venue") == "XXXX").then(False)
    return [
        pl.col("@law").replace_strict(loaded, return_dtype=pl.String).alias("@list.loaded"),
        known.cast(pl.String).alias("@instrument.known"),
        pl.coalesce("instrument_classification", pl.lit(lines["cfi"])).alias("@cfi"),
    ]


def _complete(source: pl.DataFrame) -> pl.DataFrame:
    single = [pl.lit(None, pl.String).alias(c) for c in NEW_COLUMNS if c not in source.columns]
    lists = [pl.lit(None, pl.List(pl.String)).alias(c) for c in LISTS if c not in source.columns]
    for name, many in UNDERLYING_COLUMNS.items():
        if name not in source.columns:
            lists.append(pl.lit(None, pl.List(pl.String) if many else pl.String).alias(name))
    return source.with_columns(*single, *lists)


def _setting(context: ReportContext, name: str, words: tuple[str, ...]) -> str | None:
    """A regime setting, None where it is not set. Raises ConfigurationError for another word."""
    value = context.settings.get(name)
    if value is not None and value not in words:
        raise ConfigurationError(f"mifir setting {name} is {value!r}; it may be {' or '.join(words)}")
    return value


def _settled(context: ReportContext) -> list[pl.Expr]:
    """`@entity.kind`; `@otc_scope`: which reading of the scope for OTC derivatives (before it changed, the older)."""
    _setting(context, "uk_scope", UK_SCOPES)
    before = pl.col("@trade_date") < SCOPE_CHANGE.isoformat()
    reading = (
        pl.when(before).then(pl.lit("LEGACY")).otherwise(pl.lit(_setting(context, "otc_scope", OTC_SCOPES), pl.String))
    )
    kind = pl.lit(context.entity.facts.get("kind"), pl.String)
    return [kind.alias("@entity.kind"), reading.alias("@otc_scope")]


def _law(context: ReportContext) -> pl.Expr:
    """`@law`: whose MiFIR applies; the United Kingdom has its own from 2020-12-31 23:00 UTC."""
    own = (pl.col("timestamp").str.head(19) >= UK_LAW_FROM).fill_null(value=True)
    law = pl.when(own).then(pl.lit("UK")).otherwise(pl.lit("EU")) if context.cell.jurisdiction == "UK" else pl.lit("EU")
    return law.alias("@law")


def _office(rows: pl.DataFrame, context: ReportContext) -> list[pl.Expr]:
    """`@entity.home`, `@branch.here`: whether the head office, and the office that traded, are in the jurisdiction."""
    office = pl.coalesce("branch_country", pl.lit(context.entity.facts.get("branch_country"), pl.String))
    home = pl.lit(context.entity.country or None, pl.String)
    return [
        _flag(_within(home, rows, context)).alias("@entity.home"),
        _flag(_within(office, rows, context)).alias("@branch.here"),
    ]


def _within(code: pl.Expr, rows: pl.DataFrame, context: ReportContext) -> pl.Expr:
    if context.cell.jurisdiction == "UK":
        return code == "GB"
    inside = pl.lit(None, pl.Boolean)
    for day in rows["@trade_date"].unique().drop_nulls().sort():
        inside = pl.when(pl.col("@trade_date") == day).then(code.is_in(union_members(day))).otherwise(inside)
    return pl.when(code.is_not_null()).then(inside)


def _instrument() -> list[pl.Expr]:
    """What kind of instrument it is. Where the firm says what the CFI code or the list rule out, nothing is taken as
    known, and `@instrument.clash` is true."""
    cfi = pl.col("@cfi")
    derivative = pl.when(cfi.str.contains(DERIVATIVE_CFI)).then(True).when(cfi.str.contains(OTHER_CFI)).then(False)
    derived = {"product_kind": _product(cfi), "is_otc_derivative": _otc(cfi), "otc_class_8a2": _no_8a2(cfi)}
    clashes = {said: (pl.col(said) != what).fill_null(value=False) for said, what in derived.items()}
    settled = {
        said: pl.when(~clashes[said]).then(pl.coalesce(said, what)).alias(name)
        for (said, what), name in zip(
            derived.items(), ("@product_kind", "@otc_derivative", "@otc_class_8a2"), strict=True
        )
    }
    return [
        *settled.values(),
        _flag(derivative).alias("@derivative"),
        _flag(cfi.str.starts_with("D")).alias("@debt"),
        _flag(pl.any_horizontal(clashes.values())).alias("@instrument.clash"),
    ]


def _product(cfi: pl.Expr) -> pl.Expr:
    listed = pl.col("@instrument.known") == "true"
    return (
        pl.when(listed | cfi.str.contains(INSTRUMENT_CFI))
        .then(pl.lit("INSTRUMENT"))
        .when(cfi.str.starts_with("IF"))
        .then(pl.lit("SPOT_FX"))
        .when(cfi.str.starts_with("IT"))
        .then(pl.lit("SPOT_COMMODITY"))
    )


def _otc(cfi: pl.Expr) -> pl.Expr:
    """A derivative not executed on a regulated market (EMIR Art. 2(7)). For listed options and futures executed
    elsewhere it depends on whether the place is equivalent to a regulated market, which is not known here."""
    on_regulated = (pl.col("@executed_on_venue") == "true") & (pl.col("@venue.category") == "RMKT")
    not_on_regulated = (pl.col("@executed_on_venue") == "false") | (pl.col("@venue.category") != "RMKT")
    return (
        pl.when(cfi.str.contains(OTHER_CFI) | (cfi.str.contains(DERIVATIVE_CFI) & on_regulated))
        .then(pl.lit("false"))
        .when(cfi.str.contains(NEVER_LISTED_CFI) & not_on_regulated)
        .then(pl.lit("true"))
    )


def _no_8a2(cfi: pl.Expr) -> pl.Expr:
    no_class = cfi.str.contains(NO_8A2_CFI) | cfi.str.contains(OTHER_CFI)
    return pl.when(no_class | (pl.col("cleared") == "false")).then(pl.lit("false"))


def _execution() -> list[pl.Expr]:
    """`@service`, `@order_origin`: what the capacity and the service say, where they are not given themselves."""
    capacity, service, origin = pl.col("trading_capacity"), pl.col("service"), pl.col("order_origin")
    by_capacity = (
        pl.when(capacity.is_in(["DEAL", "MTCH"]))
        .then(pl.lit("OWN_ACCOUNT"))
        .when((capacity == "AOTC") & (pl.col("transmitted") == "false"))
        .then(pl.lit("CLIENT_EXECUTION"))
    )
    from_client = service.replace_strict(
        {"MANDATE": "MANDATE", "RECEPTION_TRANSMISSION": "CLIENT"}, default=None, return_dtype=pl.String
    )
    clash = ((origin == "OWN") & from_client.is_not_null()).fill_null(value=False)
    return [
        pl.coalesce(service, by_capacity).alias("@service"),
        pl.when(~clash).then(pl.coalesce(origin, from_client)).alias("@order_origin"),
    ]


def _client(rows: pl.DataFrame) -> pl.Expr:
    """`@client.without_lei`: whether some client is a legal person without LEI; null where nothing says who one is.

    A legal person is one by `client_kind`, or by an identifier that is said to be an LEI and is not given.
    """
    if all(rows[c].null_count() == rows.height for c in LISTS):
        return pl.lit("false").alias("@client.without_lei")
    named = _count("client_id", pl.element().str.contains(LEI_MIC_OR_INTC))
    given = _count("client_id", pl.element().is_not_null())
    aggregate = _count("client_id_type", pl.element() == "INTC")
    typed = _count("client_id_type", pl.element() == "LEI")
    legal = _count("client_kind", pl.element() == "LEGAL")
    natural = _count("client_kind", pl.element() == "NATURAL")
    person = pl.any_horizontal(pl.col(c).is_not_null() for c in PERSONAL if c in rows.columns)
    clients = pl.max_horizontal(*(pl.col(c).list.len() for c in LISTS)).fill_null(0)
    without = (legal > named + aggregate) | ((typed > 0) & (given < clients - aggregate))
    known = (given + aggregate + natural >= clients) | person
    return _flag(pl.when(without).then(True).when(known).then(False)).alias("@client.without_lei")


def _count(column: str, holds: pl.Expr) -> pl.Expr:
    """How many entries of a list column meet a condition; an absent list has none."""
    return pl.col(column).list.eval(holds).list.sum().fill_null(0).cast(pl.Int64)


def _flag(condition: pl.Expr) -> pl.Expr:
    """true or false as text; null stays null."""
    return pl.when(condition).then(pl.lit("true")).when(~condition).then(pl.lit("false"))
