"""Archives from outside: every bad one is refused with its reason, and its control is opened."""

from __future__ import annotations

import tracemalloc
import zipfile

import pytest

from regreport.errors import BadInput
from regreport.unpack import Entry, Limits, unpack
from tests.acceptance.archives import CASES, Case, as_gzip, zipped

GOOD = b'<?xml version="1.0"?>\n<BizData>' + b"".join(b"<a>%d</a>" % n for n in range(500)) + b"</BizData>\n"


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.number}-{c.name}")
def test_a_bad_file_is_refused_with_its_reason(case: Case) -> None:
    with pytest.raises(BadInput) as refused:
        unpack(case.make(GOOD), case.name)
    assert case.says in str(refused.value)
    assert case.name in str(refused.value) or "inner.zip" in str(refused.value) or ".gz" in str(refused.value)
    assert [e.content for e in unpack(case.control(GOOD), case.control_name)] == [GOOD]


def test_a_bomb_is_refused_before_it_is_inflated() -> None:
    bombs = {c.name: c.make(GOOD) for c in CASES if c.name in ("bomb.zip", "bomb.xml.gz")}
    for name, content in bombs.items():
        assert len(content) < 300_000
        tracemalloc.start()
        with pytest.raises(BadInput):
            unpack(content, name)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        room = 1_000_000 if name.endswith("zip") else 3 * Limits().ratio_max * len(content)
        assert peak < room, f"{name}: {peak:,} bytes"


def test_several_documents_keep_their_names_and_order() -> None:
    entries = [("b.xml", GOOD), ("a.xml", b"<a/>")]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert unpack(zipped(entries, method), "answers.zip") == [Entry(n, c) for n, c in entries]


def test_a_gzip_is_called_as_its_archive() -> None:
    assert unpack(as_gzip(GOOD), "answer.xml.gz") == [Entry("answer.xml", GOOD)]
    assert unpack(as_gzip(GOOD), "ANSWER.GZ") == [Entry("ANSWER", GOOD)]


def test_what_is_no_archive_is_itself() -> None:
    for name in ("answer.xml", "answer", "answer.txt", "a;$(id)`id`.xml"):
        assert unpack(GOOD, name) == [Entry(name, GOOD)]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(archive_bytes_max=100), "more than 100 bytes"),
        (Limits(inflated_bytes_max=2 * len(GOOD) - 1), "a zip bomb"),
        (Limits(ratio_max=2), "a zip bomb"),
        (Limits(entries_max=1), "more than 1"),
    ],
)
def test_each_limit_holds(limits: Limits, says: str) -> None:
    archive = zipped([("a.xml", GOOD), ("b.xml", GOOD)])
    assert len(unpack(archive, "a.zip")) == 2
    with pytest.raises(BadInput, match=says):
        unpack(archive, "a.zip", limits)


@pytest.mark.parametrize("name", ["good.zip", "good.xml.gz"])
def test_an_archive_cut_anywhere_is_refused_and_never_crashes(name: str) -> None:
    whole = zipped([("a.xml", b"<a/>" * 50)]) if name.endswith("zip") else as_gzip(b"<a/>" * 50)
    for end in range(4, len(whole)):
        with pytest.raises(BadInput):
            unpack(whole[:end], name)


def test_a_zip_with_any_byte_changed_is_refused_or_means_the_same() -> None:
    content = b"<a>" + bytes(range(32, 60)) * 5 + b"</a>"
    whole = zipped([("a.xml", content)])
    for place in range(4, len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x11
        try:
            entries = unpack(bytes(changed), "a.zip")
        except BadInput:
            continue
        assert [e.content for e in entries] == [content], place
