"""Render tables to XML: whole columns at a time, one string a row, streamed in chunks.

How it stays fast. A child's presence is a subset of its parent's, so equal counts prove them equal: then the parent's
tags are literals around the child and nothing is masked. A choice whose branches together are as many as their union is
a coalesce. Both are counted per chunk and never taken from the schema, because an invalid table must come out too:
the check, not the renderer, says what is wrong. Columns that are absent or all null cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import RawIOBase
from typing import Any

import polars as pl

from regreport.engine.layout import prefixes, require_known
from regreport.engine.message import XSI, Message
from regreport.engine.table import RECORD, Node

ROWS_PER_CHUNK = 25_000
"""Rows rendered in one expression: large enough to spread its cost, small enough to bound memory."""

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_SPECIAL = ["&", "<", ">", "\r", '"']
_ESCAPED = ["&amp;", "&lt;", "&gt;", "&#xD;", "&quot;"]
_SPECIAL_IN_ATTRIBUTE = [*_SPECIAL, "\t", "\n"]
_ESCAPED_IN_ATTRIBUTE = [*_ESCAPED, "&#x9;", "&#xA;"]
_MARK = "<\x00>"
"""Stands for the records while the head is rendered; it can occur in no text, where `<` is escaped."""


def render(
    message: Message, head: pl.DataFrame | None, chunks: pl.DataFrame | Iterable[pl.DataFrame]
) -> Iterator[bytes]:
    """Stream the document of a head and its records as UTF-8 bytes.

    `head` is a one-row frame (see `engine.message`); the envelope is written where it has a `/BizData` column. `chunks`
    is the records table, whole or in frames of any size. Raises BadInput for a column that the message does not have,
    or that is not text. Characters without a form in XML are the check's to refuse; they are written as they are.
    """
    frames = iter([chunks] if isinstance(chunks, pl.DataFrame) else chunks)
    first = next((frame for frame in frames if frame.height), None)
    before, after = render_head(message, head, records=first is not None)
    if first is not None:
        require_known(message.record, first)
    yield before.encode()
    if first is not None:
        yield from _render_frame(message, first)
        for frame in frames:
            yield from _render_frame(message, frame)
    yield after.encode()


def _render_frame(message: Message, frame: pl.DataFrame) -> Iterator[bytes]:
    require_known(message.record, frame)
    for start in range(0, frame.height, ROWS_PER_CHUNK):
        yield from joined_bytes(render_group(message.record, frame.slice(start, ROWS_PER_CHUNK)))


def render_rows(message: Message, records: pl.DataFrame) -> pl.Series:
    """One XML string a record, in order: rendered across reports, cut by the caller by row ends.

    Raises BadInput for a column that the message does not have, or that is not text.
    """
    require_known(message.record, records)
    parts = [
        render_group(message.record, records.slice(start, ROWS_PER_CHUNK))
        for start in range(0, records.height, ROWS_PER_CHUNK)
    ]
    return pl.concat(parts) if parts else pl.Series("xml", [], dtype=pl.String)


class _Blocks(RawIOBase):
    """Takes what is written as it comes: a growing buffer would copy it several times."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        self.blocks.append(bytes(block))
        return len(block)


def joined_bytes(strings: pl.Series) -> list[bytes]:
    """The UTF-8 bytes of a column of strings, one after the other, in blocks of any size."""
    sink = _Blocks()
    frame = strings.to_frame("xml")
    frame.write_csv(sink, include_header=False, quote_style="never", line_terminator="")  # type: ignore[call-overload]
    return sink.blocks


def render_head(message: Message, head: pl.DataFrame | None, *, records: bool = True) -> tuple[str, str]:
    """The text before and after the records. With `records` false, as for a document that has none."""
    return render_heads(message, pl.DataFrame(height=1) if head is None or not head.width else head, records=records)[0]


def render_heads(message: Message, heads: pl.DataFrame, *, records: bool = True) -> list[tuple[str, str]]:
    """The texts before and after the records of many documents at once, one a row of `heads`.

    A call costs as much for one as for hundreds. All are enveloped if there is a `/BizData` column.
    """
    root = message.root(any(name.startswith("/BizData") for name in heads.columns))
    require_known(root, heads)
    declared = any(name.startswith("/Document") for name in heads.columns)
    columns = {name: heads[name] for name in heads.columns}
    slot = message.record_slot(root)
    if records or not declared:
        columns[slot] = pl.repeat(_MARK, heads.height, dtype=pl.String, eager=True)
    drawing = _Drawing(columns, heads.height, slot)
    piece = drawing.element(root)
    assert piece is not None, "the slot of the records is below the root"
    cut = (text.partition(_MARK) for text in drawing.evaluate(piece))
    return [(DECLARATION + before, after) for before, _, after in cut]


def render_group(group: Node, frame: pl.DataFrame) -> pl.Series:
    """One XML string for each row of the table of `group` (a record, or the elements of one repeating element)."""
    drawing = _Drawing({name: frame[name] for name in frame.columns}, frame.height)
    return drawing.evaluate(drawing.row(group))


@dataclass(frozen=True)
class _Piece:
    """What a node becomes: text and columns to be joined, null where the node is absent.

    `mask` is where it is present (None: in every row), `count` how many rows those are.
    """

    parts: tuple[str | pl.Expr, ...]
    mask: pl.Series | None
    count: int


class _Drawing:
    """The columns of one frame, and the pieces of text made of them."""

    def __init__(self, columns: dict[str, pl.Series], height: int, slot: str = "") -> None:
        self.columns = {name: s for name, s in columns.items() if s.null_count() < height or not height}
        self.height = height
        self.slot = slot
        self.live = prefixes(self.columns)
        self.made: dict[str, pl.Series] = {}
        self.awkward = self._awkward()

    def keep(self, series: pl.Series) -> pl.Expr:
        """Make a computed column available to the final expression."""
        name = f"#{len(self.made)}"
        self.made[name] = series.alias(name)
        return pl.col(name)

    def evaluate(self, piece: _Piece) -> pl.Series:
        """Draw a piece: one string a row."""
        if all(isinstance(part, str) for part in piece.parts):
            return pl.repeat("".join(map(str, piece.parts)), self.height, dtype=pl.String, eager=True)
        frame = pl.DataFrame(
            {**self.columns, **self.made}
        ).rechunk()  # text is joined wrongly over chunks that do not align
        return frame.select(_joined(piece.parts).alias("xml")).to_series()

    def row(self, node: Node) -> _Piece:
        """The group's own element, present in every row whatever it holds."""
        if node.kind == "leaf":
            piece = self.leaf(node, always=True)
            assert piece is not None, "an element of a list is there whatever it holds"
            return piece
        if node.kind == "any":
            raw = self.columns.get("")
            inside: tuple[str | pl.Expr, ...] = () if raw is None else (pl.col("").fill_null(""),)
            return _Piece((f"{node.opening}>", *inside, node.closing), None, self.height)
        pieces = [piece for child in node.children if (piece := self.element(child))]
        return self.container(node, pieces, None, self.height)

    def element(self, node: Node) -> _Piece | None:
        """A node of this frame, or None where no row has it."""
        if node.name not in self.live:
            return None
        if node.path == RECORD:
            return self.raw(node.name) if node.name == self.slot and self.slot in self.columns else None
        if node.repeats:
            return self.repeated(node)
        if node.kind == "leaf":
            return self.leaf(node, always=False)
        if node.kind == "any":
            raw = self.columns.get(node.name)
            pieces = [] if raw is None else [self.raw(node.name)]
        else:
            pieces = [piece for child in node.children if (piece := self.element(child))]
        return self.wrapped(node, pieces)

    def raw(self, name: str) -> _Piece:
        column = self.columns[name]
        count = self.height - column.null_count()
        return _Piece((pl.col(name),), None if count == self.height else column.is_not_null(), count)

    def wrapped(self, node: Node, pieces: list[_Piece]) -> _Piece | None:
        """A container: there where something below it is, or where its marker says so."""
        masks = list(pieces)
        marker = self.columns.get(f"{node.base}/")
        if marker is not None:
            masks.append(_Piece((), marker.fill_null(value=False), int(marker.sum() or 0)))
        attributes = [self.columns[name] for name in self.attribute_names(node) if name in self.columns]
        masks += [_Piece((), s.is_not_null(), self.height - s.null_count()) for s in attributes]
        masks = [piece for piece in masks if piece.count]
        if not masks:
            return None
        mask, count = self.union(masks)
        return self.container(node, pieces, mask, count)

    def union(self, pieces: Sequence[_Piece]) -> tuple[pl.Series | None, int]:
        """Where any of the pieces is present, and in how many rows."""
        if any(piece.mask is None for piece in pieces):
            return None, self.height
        masks = [piece.mask for piece in pieces if piece.mask is not None]
        mask = masks[0]
        for other in masks[1:]:
            mask = mask | other
        count = pieces[0].count if len(pieces) == 1 else int(mask.sum())
        return (None, count) if count == self.height else (mask, count)

    def container(self, node: Node, pieces: list[_Piece], mask: pl.Series | None, count: int) -> _Piece:
        """The tags around the pieces; null outside `mask`."""
        opening = self.opening(node)
        if len(pieces) > 1 and len(opening) == 1 and sum(piece.count for piece in pieces) == count:
            whole = self.union(pieces)[1] == count
            if whole:
                branches = [_joined((*opening, *piece.parts, node.closing)) for piece in pieces]
                return _Piece((pl.coalesce(branches),), mask, count)
        parts: list[str | pl.Expr] = list(opening)
        carried = mask is None
        for piece in pieces:
            if piece.count == count:
                parts += piece.parts
                carried = carried or any(not isinstance(part, str) for part in piece.parts)
            else:
                parts.append(_joined(piece.parts).fill_null(""))
        parts.append(node.closing)
        if not carried and mask is not None:
            parts = [pl.when(self.keep(mask)).then(_joined(parts))]
        return _Piece(tuple(parts), mask, count)

    def attribute_names(self, node: Node) -> list[str]:
        return [f"{node.base}/@{a.name}" if node.base else f"@{a.name}" for a in node.attributes]

    def opening(self, node: Node) -> tuple[str | pl.Expr, ...]:
        """The start tag with the attributes that are present; a null attribute does not take the element with it."""
        parts: list[str | pl.Expr] = []
        for attribute, name in zip(node.attributes, self.attribute_names(node), strict=True):
            column = self.columns.get(name)
            if column is None:
                continue
            declared = f' xmlns:xsi="{XSI}"' if attribute.name.startswith("xsi:") else ""
            text = self.text(name, in_attribute=True)
            piece = _joined((f'{declared} {attribute.name}="', text, '"'))
            parts.append(piece if column.null_count() == 0 else piece.fill_null(""))
        return (node.opening, *parts, ">") if parts else (f"{node.opening}>",)

    def leaf(self, node: Node, *, always: bool) -> _Piece | None:
        """A leaf is there where it has text or an attribute; `always` for an element of a list."""
        column = self.columns.get(node.base)
        names = [name for name in self.attribute_names(node) if name in self.columns]
        held = [] if column is None else [self.raw(node.base)]
        held += [self.raw(name) for name in names]
        if not held and not always:
            return None
        mask, count = (None, self.height) if always else self.union(held)
        if column is None:
            parts: tuple[str | pl.Expr, ...] = (*self.opening(node), node.closing)
        else:
            text = self.text(node.base, in_attribute=False)
            if self.height - column.null_count() != count:
                text = text.fill_null("")
            parts = (*self.opening(node), text, node.closing)
        if mask is not None and (column is None or self.height - column.null_count() != count):
            parts = (pl.when(self.keep(mask)).then(_joined(parts)),)
        return _Piece(parts, mask, count)

    def _awkward(self) -> set[str]:
        """The text columns of which any value needs to be escaped, found in one pass."""
        tests = [
            pl.col(name).str.contains_any(_SPECIAL_IN_ATTRIBUTE if "@" in name else _SPECIAL).any()
            for name, column in self.columns.items()
            if column.dtype == pl.String
        ]
        if not tests or not self.height:
            return set()
        verdicts = pl.DataFrame(self.columns).select(tests).row(0, named=True)
        return {name for name, found in verdicts.items() if found}

    def text(self, name: str, *, in_attribute: bool) -> pl.Expr:
        """The column's text, escaped where any of it needs to be."""
        if name not in self.awkward:
            return pl.col(name)
        special, escaped = (_SPECIAL_IN_ATTRIBUTE, _ESCAPED_IN_ATTRIBUTE) if in_attribute else (_SPECIAL, _ESCAPED)
        return pl.col(name).str.replace_many(special, escaped)

    def repeated(self, node: Node) -> _Piece | None:
        """A list column: its elements drawn as rows of their own, joined again by list."""
        column = self.columns.get(node.name)
        if column is None:
            return None
        sizes = column.list.len().fill_null(0)
        mask = sizes > 0
        count = int(mask.sum())
        if not count:
            return None
        present = None if count == self.height else mask
        if column.dtype == pl.List(pl.String):
            return _Piece((self.text_list(node, column),), present, count)
        flat = column.explode(empty_as_null=False, keep_nulls=False)
        strings = render_group(node, flat.struct.unnest())
        if len(flat) == count:
            return _Piece((self.spread(strings, present),), present, count)
        return _Piece((self.regrouped(strings, sizes),), present, count)

    def regrouped(self, strings: pl.Series, sizes: pl.Series) -> pl.Expr:
        """Strings of list elements joined by list. Most lists have one element: only the others are grouped."""
        rows = pl.DataFrame({"row": pl.int_range(self.height, eager=True), "size": sizes.cast(pl.Int64)})
        rows = rows.with_columns(first=(pl.col("size").cum_sum() - pl.col("size")).clip(0, len(strings) - 1))
        several = rows.filter(pl.col("size") > 1)
        place = pl.int_ranges("first", pl.col("first") + pl.col("size"))
        elements = several.select("row", place=place).explode("place")
        held = elements.select("row", xml=strings.gather(elements["place"]))
        joined = held.group_by("row", maintain_order=True).agg("xml").select("row", pl.col("xml").list.join(""))
        at = joined.select("row", place=pl.int_range(len(strings), len(strings) + pl.len()))
        places = rows.join(at, on="row", how="left", maintain_order="left")
        chosen = places.select(pl.when(pl.col("size") > 0).then(pl.coalesce("place", "first")))
        return self.keep(pl.concat([strings, joined["xml"]]).gather(chosen.to_series()))

    def spread(self, strings: pl.Series, present: pl.Series | None) -> pl.Expr:
        """Strings of the rows that have one, put back to their rows."""
        if present is None:
            return self.keep(strings)
        at = (present.cast(pl.UInt32).cum_sum().cast(pl.Int64) - 1).clip(0)
        return pl.when(self.keep(present)).then(self.keep(strings.gather(at)))

    def text_list(self, node: Node, column: pl.Series) -> pl.Expr:
        """A repeating leaf: the texts joined by its own tags."""
        flat = column.explode()
        text = pl.col(node.name)
        if node.kind == "leaf" and flat.str.contains_any(_SPECIAL).any():
            text = text.list.eval(pl.element().str.replace_many(_SPECIAL, _ESCAPED))
        inner = text.list.join(f"{node.closing}{node.opening}>")
        return pl.when(pl.col(node.name).list.len() > 0).then(_joined((f"{node.opening}>", inner, node.closing)))


def _joined(parts: Sequence[str | pl.Expr]) -> pl.Expr:
    """Text and columns in a row; null where any column is null."""
    template, columns = "", []
    for part in parts:
        if isinstance(part, str):
            template += part.replace("{", "{{").replace("}", "}}")
        else:
            template += "{}"
            columns.append(part)
    if template == "{}":
        return columns[0]
    return pl.format(template, *columns) if columns else pl.lit(template.replace("{{", "{").replace("}}", "}"))
