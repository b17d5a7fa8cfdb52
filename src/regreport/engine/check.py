"""Check the structure of a table against the declaration: what must be there, how often, and what values may be.

It works on whole columns and gives the verdict that libxml2 gives on the rendered document: together with the parser's
faults, no finding means valid against the schema. A cheap sufficient test is run on every column at once; only values
that it does not accept are looked at closely. Each finding says in words what is wrong, never in the schema's terms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from regreport.engine.findings import SCHEMA, VALUE_SHOWN_MAX, Names, field_of, none, subject
from regreport.engine.layout import prefixes, require_known
from regreport.engine.lexical import accepts, faults
from regreport.engine.message import Message
from regreport.engine.table import RECORD, Attribute, Facets, Node
from regreport.engine.wildcard import wrong_raw
from regreport.engine.words import called, choice_words, must_be, occurrence_words

SEVERITY = "error"

_LOOKED_AT = 512
"""Rows looked at to guess whether a column has few distinct values."""


def check(
    message: Message,
    records: pl.DataFrame | None,
    *,
    names: Names | None = None,
    head: pl.DataFrame | None = None,
    first_record: int = 1,
) -> pl.DataFrame:
    """Findings (columns of `findings.SCHEMA`) about a frame of records and, where given, the head.

    `first_record` is the number of the frame's first record in its file. The head's findings come first, with a null
    record. That a document has any records at all is `check_records_present`'s to say, as frames come one by one.
    Raises BadInput for a column that the message does not have, or that is not text.
    """
    found: list[pl.DataFrame] = []
    if head is not None:
        found.append(check_heads(message, head, names=names).with_columns(record=pl.lit(None, dtype=pl.UInt32)))
    if records is not None and records.height:
        require_known(message.record, records)
        numbers = pl.int_range(first_record, first_record + records.height, dtype=pl.UInt32, eager=True)
        held = {name: records[name] for name in records.columns}
        found += [notice.frame(numbers) for notice in _Check(held, records.height, names).run(message.record)]
    return pl.concat(found).sort("record", maintain_order=True) if found else none()


def check_heads(message: Message, heads: pl.DataFrame, *, names: Names | None = None) -> pl.DataFrame:
    """Findings about the heads of many documents at once, one a row of `heads`; `record` is the row, counted from 1.

    A call costs as much for one as for hundreds.
    """
    heads = heads if heads.width else pl.DataFrame(height=1)
    root = message.root(any(name.startswith("/BizData") for name in heads.columns))
    require_known(root, heads)
    columns = {name: heads[name] for name in heads.columns}
    columns[message.record_slot(root)] = pl.repeat("", heads.height, dtype=pl.String, eager=True)
    numbers = pl.int_range(1, heads.height + 1, dtype=pl.UInt32, eager=True)
    found = [notice.frame(numbers) for notice in _Check(columns, heads.height, names).run(root)]
    return pl.concat(found).sort("record", maintain_order=True) if found else none()


def check_records_present(
    message: Message, head: pl.DataFrame, records: int, names: Names | None = None
) -> pl.DataFrame:
    """A finding if the document has fewer records than its schema asks for, which is known at its end."""
    node = message.record_in(message.root(any(name.startswith("/BizData") for name in head.columns)))
    if records >= node.min and (node.max is None or records <= node.max):
        return none()
    if records == 0:
        text = f"{node.name}: the document holds no {node.tag}, at least {node.min} must be there"
        return _Notice("STR-required", node.name, text, names, None, None).frame(None)
    return _Notice("STR-occurrence", node.name, f"{node.name}: {occurrence_words(node)}", names, None, None).frame(None)


@dataclass
class _Notice:
    """One fault of one place: the rows that have it (None: the only row), and their values."""

    rule: str
    path: str
    message: str
    names: Names | None
    rows: pl.Series | None
    values: pl.Series | None

    def frame(self, numbers: pl.Series | None) -> pl.DataFrame:
        """The findings; `numbers` are the record numbers by row, None for the head."""
        height = 1 if self.rows is None else len(self.rows)
        field = field_of(self.names, self.path)
        record = None if numbers is None or self.rows is None else numbers.gather(self.rows)
        value = None if self.values is None else self.values.str.slice(0, VALUE_SHOWN_MAX)
        fixed = {"rule": self.rule, "severity": SEVERITY, "reference": None, "path": self.path, "message": self.message}
        fixed["field"] = field.number if field else None
        columns = {name: pl.repeat(text, height, dtype=pl.String, eager=True) for name, text in fixed.items()}
        columns["record"] = pl.repeat(None, height, dtype=pl.UInt32, eager=True) if record is None else record
        columns["value"] = pl.repeat(None, height, dtype=pl.String, eager=True) if value is None else value
        return pl.DataFrame({name: columns[name] for name in SCHEMA})


@dataclass(frozen=True)
class _Presence:
    """In which rows a node is there: `count` of them, those of `mask` (None: none or all, as the count says)."""

    count: int
    mask: pl.Series | None = None


_NEVER = _Presence(0)


class _Check:
    """One frame being checked; `run` yields a notice for each place and kind of fault."""

    def __init__(self, columns: dict[str, pl.Series], height: int, names: Names | None) -> None:
        self.columns = {name: s for name, s in columns.items() if s.null_count() < height}
        self.height = height
        self.names = names
        self.notices: list[_Notice] = []
        self.live = prefixes(self.columns)
        self.values: list[tuple[str, Node, Attribute | None]] = []

    def run(self, group: Node) -> Iterator[_Notice]:
        """All faults of the frame, whose rows are elements of `group`."""
        self.presence(group, own=True)
        self.check_values()
        yield from self.notices

    def note(
        self,
        rule: str,
        path: str,
        text: str,
        mask: pl.Series | None,
        values: pl.Series | None = None,
        at: pl.Series | None = None,
    ) -> None:
        """Note a fault in the rows of the mask (None: nowhere); `at`: the rows of the frame that the mask is about."""
        if mask is None or not mask.any():
            return
        rows = mask.arg_true()
        held = None if values is None else values.gather(rows)
        rows = rows if at is None else at.gather(rows)
        message = f"{subject(self.names, path)}: {text}"
        self.notices.append(_Notice(f"STR-{rule}", path, message, self.names, rows, held))

    # Where a node is there. Counts prove most of it: what is there in every row is nowhere missing, and branches of a
    # choice that together are as many as their union never meet.

    def where(self, mask: pl.Series) -> _Presence:
        """The presence that a Boolean column says."""
        count = int(mask.sum() or 0)
        return _Presence(count, mask if 0 < count < self.height else None)

    def held(self, name: str) -> _Presence:
        """Where a column is not null."""
        column = self.columns.get(name)
        if column is None:
            return _NEVER
        count = self.height - column.null_count()
        return _Presence(count, column.is_not_null() if count < self.height else None)

    def union(self, parts: list[_Presence], *, own: bool = False) -> _Presence:
        """Where any of the parts is there; everywhere if the rows are the node's own."""
        if own or any(part.count == self.height for part in parts):
            return _Presence(self.height)
        masks = [part.mask for part in parts if part.mask is not None]
        if len(masks) < 2:
            return next((part for part in parts if part.count), _NEVER)
        mask = masks[0]
        for other in masks[1:]:
            mask = mask | other
        return self.where(mask)

    def without(self, whole: _Presence, part: _Presence) -> pl.Series | None:
        """The rows that have the whole but not the part, which is within it; None if there are none."""
        if part.count == whole.count:
            return None
        inside = self.mask(whole)
        return inside if part.count == 0 else inside & ~self.mask(part)

    def mask(self, there: _Presence) -> pl.Series:
        """A presence as a Boolean column."""
        if there.mask is not None:
            return there.mask
        return pl.repeat(there.count > 0, self.height, dtype=pl.Boolean, eager=True)

    def presence(self, node: Node, *, own: bool = False) -> _Presence:
        """Where the node is there; what is wrong below it is noted on the way. `own`: the frame's rows are the node."""
        if not own and node.name not in self.live:
            return _NEVER
        if not own and node.path == RECORD:
            return _Presence(self.height)
        if not own and node.repeats:
            return self.repeated(node)
        if node.kind in ("leaf", "any"):
            return self.leaf(node, own=own)
        return self.container(node, own=own)

    def leaf(self, node: Node, *, own: bool) -> _Presence:
        value = self.held(node.base)
        if value.count:
            self.values.append((node.base, node, None))
        whole = self.union([value, *self.attributes(node)], own=own)
        self.note("required", node.path, f"{node.tag} has no value", self.without(whole, value))
        for attribute in node.attributes:
            if attribute.required and whole.count:
                text = f"{attribute.name} of {node.tag} is missing"
                missing = self.without(whole, self.held(_attribute_name(node, attribute)))
                self.note("required", f"{node.path}/@{attribute.name}", text, missing)
        return whole

    def attributes(self, node: Node) -> list[_Presence]:
        found = []
        for attribute in node.attributes:
            name = _attribute_name(node, attribute)
            if name in self.columns:
                self.values.append((name, node, attribute))
                found.append(self.held(name))
        return found

    def container(self, node: Node, *, own: bool) -> _Presence:
        below = [self.presence(child) for child in node.children]
        marker = self.columns.get(f"{node.base}/")
        marked = _NEVER if marker is None else self.where(marker.fill_null(value=False))
        whole = self.union([*below, marked, *self.attributes(node)], own=own)
        if not whole.count:
            return whole
        if node.kind == "choice":
            self.choice(node, below, whole)
        else:
            for child, there in zip(node.children, below, strict=True):
                if child.min:
                    self.note("required", child.path, f"{child.tag} is missing", self.without(whole, there))
        return whole

    def choice(self, node: Node, below: list[_Presence], whole: _Presence) -> None:
        total = sum(there.count for there in below)
        together = self.union(below)
        if all(child.min for child in node.children):
            self.note("choice", node.path, f"{_shown(node)} {choice_words(node, 0)}", self.without(whole, together))
        if total > together.count:
            count = pl.sum_horizontal([self.mask(there).cast(pl.UInt8) for there in below if there.count])
            many = pl.select(count > 1).to_series()
            self.note("choice", node.path, f"{_shown(node)} {choice_words(node, 2)}", many)

    def repeated(self, node: Node) -> _Presence:
        column = self.columns.get(node.name)
        if column is None:
            return _NEVER
        sizes = column.list.len().fill_null(0)
        there = self.where(sizes > 0)
        if node.max is not None and (sizes.max() or 0) > node.max:  # type: ignore[operator]
            self.note("occurrence", node.path, f"{node.tag} {occurrence_words(node)}", sizes > node.max)
        if node.min > 1:
            self.note("occurrence", node.path, f"{node.tag} {occurrence_words(node)}", (sizes > 0) & (sizes < node.min))
        if there.count:
            self.elements(node, column, sizes)
        return there

    def elements(self, node: Node, column: pl.Series, sizes: pl.Series) -> None:
        """Check the elements of a list as rows of their own, and take their faults over to the rows of this frame."""
        flat = column.explode(empty_as_null=False, keep_nulls=False)
        inner = flat.struct.unnest() if isinstance(flat.dtype, pl.Struct) else flat.to_frame("")
        held = {name: inner[name] for name in inner.columns}
        notices = list(_Check(held, inner.height, self.names).run(node))
        if not notices:
            return
        rows = pl.DataFrame({"row": pl.int_range(self.height, eager=True), "size": sizes})
        owner = rows.select(pl.col("row").repeat_by("size").explode(empty_as_null=False, keep_nulls=False))["row"]
        for notice in notices:
            assert notice.rows is not None
            notice.rows = owner.gather(notice.rows)
            self.notices.append(notice)

    def check_values(self) -> None:
        """All values against their facets: one pass that accepts, then a close look at what it did not accept."""
        if not self.values:
            return
        frame = pl.DataFrame(self.columns)
        few = self.few_distinct(frame)
        tests = []
        doubtful: list[tuple[str, Node, Attribute | None]] = []
        for name, node, attribute in self.values:
            column = pl.col(name).unique() if name in few else pl.col(name)
            test = None if node.kind == "any" and attribute is None else accepts(_facets(node, attribute), column)
            if test is None:
                doubtful.append((name, node, attribute))
            else:
                tests.append(test.all().alias(name))
        verdicts = frame.select(tests).row(0, named=True) if tests else {}
        doubtful += [held for held in self.values if verdicts.get(held[0]) is False]
        for name, node, attribute in doubtful:
            self.look_closely(name, node, attribute)

    def few_distinct(self, frame: pl.DataFrame) -> set[str]:
        """Columns of few distinct values, by a look at their first: those are tested once each."""
        if self.height < 4 * _LOOKED_AT:
            return set()
        names = [name for name, node, attribute in self.values if _costs_more_than_a_hash(node, attribute)]
        if not names:
            return set()
        counts = frame.head(_LOOKED_AT).select(pl.col(name).n_unique() for name in names).row(0, named=True)
        return {name for name, count in counts.items() if count <= _LOOKED_AT // 8}

    def look_closely(self, name: str, node: Node, attribute: Attribute | None) -> None:
        values = self.columns[name].rename("v")
        path = node.path if attribute is None else f"{node.path}/@{attribute.name}"
        if node.kind == "any" and attribute is None:
            for kind, mask in wrong_raw(node, values):
                self.note(kind, path, f"{node.tag} must hold exactly one element", mask, values)
            return
        facets = _facets(node, attribute)
        label = called(
            node.type if attribute is None else attribute.type, facets, attribute.name if attribute else node.tag
        )
        sure = accepts(facets, pl.col("v"))
        rows = None if sure is None else values.to_frame().select(~sure).to_series().arg_true()
        doubtful = values if rows is None else values.gather(rows)
        kinds = list(faults(facets, pl.col("v")))
        masks = doubtful.to_frame().select(test.fill_null(value=False).alias(kind) for kind, test in kinds)
        for kind, _ in kinds:
            self.note(kind, path, f"{label} must be {must_be(kind, facets)}", masks[kind], doubtful, rows)


def _facets(node: Node, attribute: Attribute | None) -> Facets:
    if attribute is not None:
        return attribute.facets
    assert node.facets is not None
    return node.facets


def _costs_more_than_a_hash(node: Node, attribute: Attribute | None) -> bool:
    if node.kind == "any" and attribute is None:
        return False
    facets = _facets(node, attribute)
    return not facets.enumeration and facets.base != "boolean"


def _attribute_name(node: Node, attribute: Attribute) -> str:
    return f"{node.base}/@{attribute.name}" if node.base else f"@{attribute.name}"


def _shown(node: Node) -> str:
    return "the record" if node.path == RECORD else node.tag
