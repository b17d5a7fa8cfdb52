"""The folder channel: half files, foreign things in the inbox, and faults of the file system."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from regreport.adapters import folder
from regreport.adapters.folder import FolderChannel
from regreport.errors import (
    BadInput,
    ChannelUnavailable,
    ConfigurationError,
    DeliveryRefused,
    DeliveryUnknown,
    IntegrityError,
)
from regreport.ports import Parcel

CONTENT = b"<a/>" * 500_000


@pytest.fixture
def channel(tmp_path: Path) -> FolderChannel:
    """A channel over two new folders."""
    for name in ("outbox", "inbox"):
        (tmp_path / name).mkdir()
    return FolderChannel(tmp_path / "outbox", tmp_path / "inbox", settle_seconds=0)


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    """A file of some size."""
    (tmp_path / "object").write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    place = ("EU", "TRANSACTION", "mifir", date(2026, 11, 23), "AFM", False)
    return Parcel("R-1", "R_1.xml", tmp_path / "object", len(CONTENT), digest, 1, *place)


def test_nobody_ever_sees_half_a_file(channel: FolderChannel, parcel: Parcel, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[list[str], list[str]]] = []
    usual = os.rename

    def rename(source: Path, target: Path) -> None:
        before = sorted(os.listdir(channel.outbox))
        assert source.read_bytes() == CONTENT
        usual(source, target)
        seen.append((before, sorted(os.listdir(channel.outbox))))

    monkeypatch.setattr(os, "rename", rename)
    channel.send(parcel)
    assert seen == [(["R_1.xml.part"], ["R_1.xml"])]


def test_a_part_left_by_a_crash_is_written_anew(channel: FolderChannel, parcel: Parcel) -> None:
    (channel.outbox / "R_1.xml.part").write_bytes(b"half" * 1_000_000)
    assert channel.look(parcel) is None
    channel.send(parcel)
    assert sorted(os.listdir(channel.outbox)) == ["R_1.xml"]
    assert (channel.outbox / "R_1.xml").read_bytes() == CONTENT


def test_a_part_that_is_a_link_is_not_followed(channel: FolderChannel, parcel: Parcel, tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (channel.outbox / "R_1.xml.part").symlink_to(tmp_path / "victim")
    with pytest.raises(ChannelUnavailable):
        channel.send(parcel)
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_a_changed_object_leaves_nothing_behind(channel: FolderChannel, parcel: Parcel) -> None:
    parcel.content.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(IntegrityError, match="nothing was handed over"):
        channel.send(parcel)
    assert os.listdir(channel.outbox) == []


def test_an_absent_outbox_is_not_an_empty_one(channel: FolderChannel, parcel: Parcel) -> None:
    channel.outbox.rmdir()
    for ask in (channel.send, channel.look):
        with pytest.raises(ChannelUnavailable, match="does not exist"):
            ask(parcel)
    channel.inbox.rmdir()
    with pytest.raises(ChannelUnavailable, match="inbox"):
        list(channel.collect())


@pytest.mark.parametrize("name", ["../x.xml", "/etc/x", "a\nb.xml", "x.part", "", ".x", "a\0", "x.xml.", "NUL"])
def test_a_file_name_that_could_hide_something_is_refused(channel: FolderChannel, parcel: Parcel, name: str) -> None:
    for ask in (channel.send, channel.look):
        with pytest.raises(DeliveryRefused, match="R-1: the file name"):
            ask(replace(parcel, file_name=name))


def test_a_folder_in_the_way_is_refused(channel: FolderChannel, parcel: Parcel) -> None:
    (channel.outbox / "R_1.xml").mkdir()
    with pytest.raises(DeliveryRefused, match="nothing was overwritten"):
        channel.send(parcel)


def test_a_fault_before_the_rename_can_be_tried_again(
    channel: FolderChannel, parcel: Parcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("fsync", "rename"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            with pytest.raises(ChannelUnavailable, match="No space left"):
                channel.send(parcel)
        assert os.listdir(channel.outbox) == []
    channel.send(parcel)


def test_a_fault_after_the_rename_is_unknown_until_one_looks(
    channel: FolderChannel, parcel: Parcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(folder, "flush_folder", broken)
        with pytest.raises(DeliveryUnknown, match="may not survive"):
            channel.send(parcel)
    receipt = channel.look(parcel)
    assert receipt is not None
    assert receipt.message_id == "R_1.xml"


def test_a_swept_outbox_proves_nothing_by_absence(channel: FolderChannel, parcel: Parcel) -> None:
    channel.swept = True
    with pytest.raises(DeliveryUnknown, match="files are taken from there"):
        channel.look(parcel)
    (channel.outbox / "R_1.xml.part").write_bytes(b"half")
    assert channel.look(parcel) is None  # the rename never happened
    channel.send(parcel)
    assert channel.look(parcel) is not None


def test_only_whole_files_are_answers_and_the_rest_is_reported(channel: FolderChannel, tmp_path: Path) -> None:
    inbox = channel.inbox
    (inbox / "good.xml").write_bytes(b"x")
    (inbox / "coming.xml.part").write_bytes(b"x")
    (inbox / "coming.tmp").write_bytes(b"x")
    (inbox / "done").mkdir()
    (inbox / "folder").mkdir()
    os.mkfifo(inbox / "pipe")
    (inbox / "link.xml").symlink_to(tmp_path / "outbox")
    (inbox / "-rf").write_bytes(b"x")
    (inbox / "new\nline").write_bytes(b"x")
    (inbox / ".hidden").write_bytes(b"x")
    assert [name for name, _ in channel.collect()] == ["good.xml"]
    strays = dict(channel.strays())
    assert sorted(strays) == ["-rf", ".hidden", "folder", "link.xml", "new\nline", "pipe"]
    assert strays["link.xml"] == "it is a link"
    assert "pipe" in strays["pipe"]


def test_a_file_that_grows_is_waited_for(channel: FolderChannel) -> None:
    path = channel.inbox / "a.xml"
    path.write_bytes(b"half")

    def grow(_: float) -> None:
        with path.open("ab") as stream:
            stream.write(b"more")

    growing = FolderChannel(channel.outbox, channel.inbox, settle_seconds=0.2, sleep=grow)
    assert list(growing.collect()) == []
    assert [name for name, _ in channel.collect()] == ["a.xml"]


@pytest.mark.skipif(not hasattr(folder.fcntl, "F_SETLEASE"), reason="only Linux tells who writes to a file")
def test_a_file_that_somebody_still_writes_is_waited_for(channel: FolderChannel) -> None:
    with (channel.inbox / "a.xml").open("wb") as stream:
        stream.write(b"half")
        stream.flush()
        assert list(channel.collect()) == []
    assert [name for name, _ in channel.collect()] == ["a.xml"]


def test_taking_moves_and_never_overwrites(channel: FolderChannel) -> None:
    for content in (b"one", b"two"):
        (channel.inbox / "a.xml").write_bytes(content)
        channel.take("a.xml")
    done = channel.inbox / "done"
    assert {p.name: p.read_bytes() for p in done.iterdir()} == {"a.xml": b"one", "a.xml.2": b"two"}
    with pytest.raises(BadInput):
        channel.take("../outbox")


def test_it_opens_from_options(tmp_path: Path) -> None:
    channel = FolderChannel.open("AFM", {}, tmp_path)
    assert (channel.outbox, channel.inbox) == (tmp_path / "outbox/AFM", tmp_path / "inbox/AFM")
    assert channel.outbox.is_dir()
    other = FolderChannel.open("AFM", {"outbox": "/mnt/afm", "inbox": "there", "swept": "true"}, tmp_path)
    assert (other.outbox, other.inbox, other.swept) == (Path("/mnt/afm"), tmp_path / "there", True)
    assert not other.inbox.exists()
    for options in ({"outbx": "x"}, {"swept": "yes"}, {"settle_seconds": "-1"}, {"settle_seconds": "nan"}):
        with pytest.raises(ConfigurationError, match="Destination AFM"):
            FolderChannel.open("AFM", options, tmp_path)
