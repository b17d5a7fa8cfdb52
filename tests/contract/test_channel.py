"""The Channel contract, for channels that can look: folder and memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from regreport.adapters.folder import FolderChannel
from regreport.errors import DeliveryRefused, IntegrityError, NotFound
from regreport.ports import Parcel
from regreport.testing import MemoryChannel

Any_ = FolderChannel | MemoryChannel
LayReady = Callable[[str, bytes], None]


@pytest.fixture(params=["folder", "memory"])
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any_]:
    """Every channel that can look."""
    if request.param == "folder":
        for name in ("outbox", "inbox"):
            (tmp_path / name).mkdir()
        yield FolderChannel(tmp_path / "outbox", tmp_path / "inbox", settle_seconds=0)
    else:
        made = MemoryChannel()
        yield made
        made.close()


@pytest.fixture
def lay_ready(channel: Any_) -> LayReady:
    """What the other side does to answer."""
    if isinstance(channel, MemoryChannel):
        return channel.answer
    return lambda name, content: (channel.inbox / name).write_bytes(content) and None


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    """A file to hand over."""
    content = b"<a/>\n" * 1000
    path = tmp_path / "object"
    path.write_bytes(content)
    return Parcel(
        report_id="R-1",
        file_name="R_1.xml",
        content=path,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        records=1000,
        jurisdiction="EU",
        report_type="TRANSACTION",
        regime="mifir",
        report_date=date(2026, 11, 23),
        recipient="AFM",
        attach=False,
    )


def received(channel: Any_, name: str) -> bytes:
    """What the other side has under a name."""
    return channel.delivered[name] if isinstance(channel, MemoryChannel) else (channel.outbox / name).read_bytes()


def other(parcel: Parcel, tmp_path: Path) -> Parcel:
    """Another content under the same file name."""
    (tmp_path / "other").write_bytes(b"other")
    return replace(parcel, content=tmp_path / "other", size=5, digest=hashlib.sha256(b"other").hexdigest())


def test_what_was_sent_is_there_and_looked_for(channel: Any_, parcel: Parcel) -> None:
    assert channel.look(parcel) is None
    receipt = channel.send(parcel)
    assert receipt.message_id == "R_1.xml"
    assert parcel.digest in receipt.words
    assert received(channel, "R_1.xml") == parcel.content.read_bytes()
    assert channel.look(parcel) == receipt


def test_sending_again_is_not_sending_twice(channel: Any_, parcel: Parcel) -> None:
    assert channel.send(parcel) == channel.send(parcel)
    if isinstance(channel, MemoryChannel):
        assert channel.sends == 1
    else:
        assert [p.name for p in channel.outbox.iterdir()] == ["R_1.xml"]


def test_another_file_of_that_name_is_never_overwritten(channel: Any_, parcel: Parcel, tmp_path: Path) -> None:
    channel.send(parcel)
    for ask in (channel.send, channel.look):
        with pytest.raises(DeliveryRefused, match=r"R-1.*R_1\.xml"):
            ask(other(parcel, tmp_path))
    assert received(channel, "R_1.xml") == parcel.content.read_bytes()


def test_bytes_that_are_not_the_validated_ones_are_not_sent(channel: Any_, parcel: Parcel) -> None:
    parcel.content.write_bytes(b"<b/>\n" * 1000)
    with pytest.raises(IntegrityError, match="not those that were validated"):
        channel.send(parcel)
    assert channel.look(parcel) is None


def test_answers_are_collected_until_they_are_taken(channel: Any_, lay_ready: LayReady) -> None:
    assert list(channel.collect()) == []
    lay_ready("b.xml", b"two")
    lay_ready("a.xml", b"one")
    assert [(name, path.read_bytes()) for name, path in channel.collect()] == [("a.xml", b"one"), ("b.xml", b"two")]
    channel.take("a.xml")
    channel.take("a.xml")  # a restart may take it again
    assert [name for name, _ in channel.collect()] == ["b.xml"]
    with pytest.raises(NotFound, match=r"c\.xml"):
        channel.take("c.xml")
    assert channel.strays() == []
