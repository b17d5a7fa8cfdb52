"""The store in a folder: what is on the disk, and what a crash or a careless hand can do to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from regreport.adapters import durable, local, local_index
from regreport.adapters.local import LocalStore
from regreport.errors import IntegrityError, StoreUnavailable

DAY = date(2036, 11, 23)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """A new store."""
    return LocalStore(tmp_path / "store")


def test_people_find_files_by_their_readable_name(store: LocalStore) -> None:
    digest = store.put(b"x", "reports/EU/R-1/f.xml", DAY)
    readable = store.folder / "names/reports/EU/R-1/f.xml"
    assert readable.samefile(store.local(digest))
    second = store.put(b"y", "reports/EU/R-1/f.xml", DAY)
    assert readable.read_bytes() == b"x"
    assert (readable.parent / f"f.xml.{second[:12]}").read_bytes() == b"y"


@pytest.mark.parametrize("where", ["first", "middle", "last"])
@pytest.mark.parametrize("batched", [False, True])
def test_one_changed_byte_is_found_and_named(store: LocalStore, where: str, batched: bool) -> None:
    content = bytes(range(256)) * 20
    if batched:
        with store.batch():
            digest = store.put(content, "reports/f.xml", DAY)
    else:
        digest = store.put(content, "reports/f.xml", DAY)
    path = store.local(digest)
    offset = {"first": 0, "middle": len(content) // 2, "last": len(content) - 1}[where]
    path.chmod(0o644)
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(bytes([content[offset] ^ 1]))
    for ask in (store.verify, store.read):
        with pytest.raises(IntegrityError, match=rf"{digest} \(reports/f\.xml\): its bytes are not what was stored"):
            ask(digest)


def test_truncation_is_found_also_when_the_bytes_are_put_again(store: LocalStore) -> None:
    digest = store.put(b"x" * 100, "a", DAY)
    store.local(digest).chmod(0o644)
    os.truncate(store.local(digest), 50)
    with pytest.raises(IntegrityError):
        store.verify(digest)
    with pytest.raises(IntegrityError, match="50 bytes instead of 100"):
        store.put(b"x" * 100, "a", DAY)


def test_a_copy_elsewhere_verifies_and_its_readable_names_too(store: LocalStore, tmp_path: Path) -> None:
    digests = [store.put(b"%d" % n, f"reports/R-{n}.xml", DAY) for n in range(3)]
    shutil.copytree(store.folder, tmp_path / "elsewhere")
    shutil.rmtree(store.folder)
    copy = LocalStore(tmp_path / "elsewhere")
    for digest in digests:
        copy.verify(digest)
    assert copy.names(digests[0]) == ["reports/R-0.xml"]
    readable = copy.folder / "names/reports/R-1.xml"
    readable.unlink()
    readable.write_bytes(b"forged")
    with pytest.raises(IntegrityError, match="the copy under its readable name"):
        copy.verify(digests[1])
    shutil.rmtree(copy.folder / "names")
    copy.verify(digests[1])


def test_a_torn_line_of_the_index_costs_only_itself(store: LocalStore) -> None:
    digest = store.put(b"x", "a", DAY)
    [index] = (store.folder / "index").iterdir()
    with index.open("ab") as stream:
        stream.write(b'{"digest": "half')
    again = LocalStore(store.folder)
    assert again.put(b"x", "b", DAY) == digest
    assert LocalStore(store.folder).names(digest) == ["a", "b"]


def test_an_object_that_lost_its_line_is_found(store: LocalStore) -> None:
    digest = store.put(b"x", "a", DAY)
    for index in (store.folder / "index").iterdir():
        index.unlink()
    with pytest.raises(IntegrityError, match="no line in the store's index"):
        LocalStore(store.folder).verify(digest)


def test_two_stores_over_one_folder_see_each_other(store: LocalStore) -> None:
    other = LocalStore(store.folder)
    digest = store.put(b"x", "a", DAY)
    assert other.names(digest) == ["a"]
    other.put(b"x", "b", date(2050, 1, 1))
    assert (store.names(digest), store.retain_until(digest)) == (["a", "b"], date(2050, 1, 1))


class Trace:
    """What was flushed, renamed and written, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, str]] = []
        usual_fsync, usual_rename = os.fsync, os.rename

        def fsync(descriptor: int) -> None:
            self.calls.append(("flush", os.readlink(f"/proc/self/fd/{descriptor}")))
            usual_fsync(descriptor)

        def rename(source: str, target: str) -> None:
            self.calls.append(("rename", str(target)))
            usual_rename(source, target)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "rename", rename)

    def position(self, kind: str, ending: str) -> int:
        """Where in the order something happened."""
        return next(i for i, (what, path) in enumerate(self.calls) if what == kind and path.endswith(ending))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads open files' names from /proc")
def test_bytes_are_durable_before_their_name_and_the_name_before_put_returns(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = Trace(monkeypatch)
    digest = store.put(b"x", "a", DAY)
    order = [
        trace.position("flush", ".part"),
        trace.position("rename", digest),
        trace.position("flush", f"objects/{digest[:2]}"),
        trace.position("flush", "objects"),
        trace.position("flush", f"index/{digest[:2]}.ndjson"),
        trace.position("flush", "index"),
    ]
    assert order == sorted(order)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads open files' names from /proc")
@pytest.mark.parametrize("whole", [True, False])
def test_a_batch_waits_a_bounded_number_of_times(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    trace = Trace(monkeypatch)
    systems: list[str] = []
    monkeypatch.setattr(durable, "_flush_file_system", lambda root: systems.append(str(root)) or whole)
    with store.batch():
        for number in range(300):
            store.put(b"%d" % number, f"r/{number}", DAY)
    flushes = [path for what, path in trace.calls if what == "flush"]
    renames = [i for i, (what, _) in enumerate(trace.calls) if what == "rename"]
    assert len(renames) == 300
    assert len(systems) == 2
    assert len(flushes) == 0 if whole else 300 < len(flushes) <= 300 + 256 + 256 + 2
    if not whole:  # every byte before any name
        assert max(i for i, (what, p) in enumerate(trace.calls) if what == "flush" and p.endswith(".part")) < renames[0]


@pytest.mark.parametrize("batched", [False, True])
def test_a_flush_that_fails_keeps_nothing_under_a_name(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, batched: bool
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        patch.setattr(local, "flush_many", fail)
        with pytest.raises(StoreUnavailable, match="Input/output error"):
            _put(store, batched)
    assert list(store.digests()) == []
    assert list((store.folder / "incoming").iterdir()) == []
    _put(store, batched)
    assert len(list(store.digests())) == 1


def _put(store: LocalStore, batched: bool) -> None:
    if batched:
        with store.batch():
            store.put(b"x", "a", DAY)
    else:
        store.put(b"x", "a", DAY)


CRASHES: list[tuple[str, Callable[[pytest.MonkeyPatch, Callable[..., object]], None]]] = [
    ("rename", lambda patch, stop: patch.setattr(os, "rename", stop)),
    ("folder", lambda patch, stop: patch.setattr(local, "flush_folder", stop)),
    ("index", lambda patch, stop: patch.setattr(local_index, "_append", stop)),
    ("flush", lambda patch, stop: patch.setattr(local, "flush_many", stop)),
]


@pytest.mark.parametrize(("point", "break_at"), CRASHES)
def test_a_put_cut_off_anywhere_can_be_done_again(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, point: str, break_at: Callable[..., None]
) -> None:
    class PowerCut(BaseException):
        pass

    def stop(*_: object, **__: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        break_at(patch, stop)
        with pytest.raises(PowerCut):
            store.put(b"x", "a", DAY)
    again = LocalStore(store.folder)
    digest = again.put(b"x", "a", DAY)
    again.verify(digest)
    assert again.names(digest) == ["a"], point


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable, match="store failed"):
        LocalStore(tmp_path / "store")


def test_the_whole_file_system_is_flushed_where_it_reports_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable.platform, "release", lambda: "5.4.0-generic")
    assert not durable._flush_file_system(tmp_path)
    monkeypatch.setattr(durable.platform, "release", lambda: "unknown")
    assert not durable._flush_file_system(tmp_path)
