"""The strict structural check of delimited text (RFC 4180), on whole blocks rather than field by field.

A column reader forgives what must not be forgiven: ragged rows, stray quotes. So each block is checked first: what
stands between quotes is taken out, all but delimiters and line ends is deleted, and what remains must be the same line
over and over. Only where it is not does anything look at single lines.
"""

from __future__ import annotations

from dataclasses import dataclass

from regreport.errors import BadInput

MARK = b"\0"  # stands for a stretch between two quotes; a NUL byte in the file has been refused before


@dataclass(frozen=True)
class Block:
    """Whole records with LF line ends outside quotes. `record` and `line` (physical) are those of its first record."""

    text: bytes
    skeleton: bytes
    record: int
    line: int

    @property
    def records(self) -> int:
        """How many records it holds."""
        return self.skeleton.count(b"\n")


def skeleton(text: bytes, quote: bytes) -> bytes:
    """The text with each stretch between quotes, quotes included, replaced by one mark."""
    return MARK.join(text.split(quote)[0::2]) if quote and quote in text else text


def unify_line_ends(text: bytes, quote: bytes) -> bytes:
    """CRLF and lone CR to LF, outside quotes only; a carriage return inside quotes is part of the value."""
    if b"\r" not in text:
        return text
    parts = text.split(quote) if quote else [text]
    parts[0::2] = MARK.join(parts[0::2]).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(MARK)
    return quote.join(parts)


def first_end(text: bytes, quote: bytes) -> int:
    """Where the first record ends (after its line end), 0 if it does not."""
    start, quotes = 0, 0
    while (at := text.find(b"\n", start)) >= 0:
        quotes += text.count(quote, start, at) if quote else 0
        if quotes % 2 == 0:
            return at + 1
        start = at + 1
    return 0


def last_end(text: bytes, quote: bytes) -> int:
    """Where the last whole record ends, 0 if none does. Blank lines after it stay: they may be the end of the file."""
    at = text.rfind(b"\n")
    quotes = text.count(quote, 0, at) if quote and at > 0 else 0
    while quotes % 2 and at >= 0:
        before = text.rfind(b"\n", 0, text.rfind(quote, 0, at))
        quotes -= text.count(quote, max(before, 0), at)
        at = before
    end = at + 1
    while end > 0 and text[end - 1 : end] == b"\n" and (end == 1 or text[end - 2 : end - 1] == b"\n"):
        end -= 1
    return end


def check_structure(block: Block, delimiter: bytes, quote: bytes, width: int, file: str) -> None:
    """Raises BadInput, naming record and line, where a record has not `width` fields or a quote stands in a field."""
    flat = block.skeleton.translate(_flattening(delimiter))
    if MARK in flat:
        _refuse_stray_quote(block, flat, quote, file)
    shape = flat.translate(None, b"x" + MARK)
    expected = (delimiter * (width - 1) + b"\n") * block.records
    if shape != expected or flat.startswith(b"\n") or b"\n\n" in flat:
        _refuse_ragged(block, flat, delimiter, quote, width, file)


def _flattening(delimiter: bytes) -> bytes:
    kept = {delimiter[0], ord("\n"), MARK[0]}
    return bytes(byte if byte in kept else ord("x") for byte in range(256))


def _refuse_stray_quote(block: Block, flat: bytes, quote: bytes, file: str) -> None:
    found = [at for at in (flat.find(b"x" + MARK), flat.find(MARK + b"x")) if at >= 0]
    if not found:
        return
    raise _at(
        block,
        min(found),
        quote,
        file,
        "a quote stands inside a field, or the quote before it is not closed",
        "A field that holds a quote is quoted as a whole and the quote doubled. Are quotes ordinary characters in this"
        ' file, declare it in the mapping: [file] quote = ""',
    )


def _refuse_ragged(block: Block, flat: bytes, delimiter: bytes, quote: bytes, width: int, file: str) -> None:
    start = 0
    for line in flat.split(b"\n"):
        fields = line.count(delimiter) + 1
        if fields != width or not line:
            had = f"{fields} field{'s' * (fields != 1)}" if line else "no field (a blank line)"
            remedy = "Quote a field that holds the delimiter; give every record as many fields as the header"
            raise _at(block, start, quote, file, f"the record has {had}, the header has {width}", remedy)
        start += len(line) + 1


def _at(block: Block, position: int, quote: bytes, file: str, problem: str, remedy: str) -> BadInput:
    """The fault with its record, and the physical line on which that record begins."""
    start = block.skeleton.rfind(b"\n", 0, position) + 1
    records = block.skeleton.count(b"\n", 0, start)
    marks = block.skeleton.count(MARK, 0, start)
    inside = block.text.split(quote, 2 * marks)[1::2][:marks] if marks else []
    lines = records + sum(part.count(b"\n") for part in inside)
    return BadInput(problem, remedy, file=file, record=block.record + records, line=block.line + lines)
