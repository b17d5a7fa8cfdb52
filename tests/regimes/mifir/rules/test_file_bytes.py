"""What the bytes of a file and its container say: form, size, entries."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile

import pytest

from regreport.regimes.mifir.rules.file_bytes import PIECE_BYTES, entries_of, form_of

XML = b'<?xml version="1.0" encoding="UTF-8"?><BizData/>'


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (XML, "OK"),
        (b"<BizData/>", "OK"),
        (b"\xef\xbb\xbf" + XML, "BOM"),
        ("<a/>".encode("utf-16"), "BOM"),
        (XML.replace(b"UTF-8", b"ISO-8859-1"), "ENCODING"),
        ("<a>Malmö</a>".encode("latin-1"), "ENCODING"),
        (b"<a>" + b"x" * PIECE_BYTES + b"\xe5", "ENCODING"),
        ("<a>Malmö</a>".encode(), "OK"),
        (b"<!DOCTYPE a><a/>", "DTD"),
    ],
)
def test_form(content: bytes, form: str) -> None:
    assert form_of(io.BytesIO(content)) == (form, len(content))


def test_a_letter_cut_between_two_pieces_is_whole() -> None:
    content = b"<a>" + b"x" * (PIECE_BYTES - 4 + 4096) + "ö".encode() * 3 + b"</a>"
    assert form_of(io.BytesIO(content))[0] == "OK"


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as container:
        for name in names:
            container.writestr(name, XML)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.xml", XML, (True, ("a.xml",))),
        ("a.zip", zipped("a.xml"), (True, ("a.xml",))),
        ("a.zip", zipped("a.xml", "b.xml"), (True, ("a.xml", "b.xml"))),
        ("a.gz", gzip.compress(XML), (True, ("a.xml",))),
        ("a.xml.bz2", bz2.compress(XML), (True, ("a.xml",))),
        ("a.zip", zipped("a.xml")[:-30], (False, ())),
        ("a.gz", gzip.compress(XML)[:-9], (False, ())),
        ("a.bz2", XML, (False, ())),
        ("a.zip", zipped("a.xml").replace(b"BizData", b"BizDaTa"), (False, ())),
    ],
)
def test_entries(name: str, content: bytes, expected: tuple[bool, tuple[str, ...]]) -> None:
    assert entries_of(name, io.BytesIO(content)) == expected
