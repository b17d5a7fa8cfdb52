"""The Store contract where objects are sealed: what is at rest, what a changed byte does, and how a period ends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from regreport.adapters import opened
from regreport.adapters.keyring import LocalKeyRing
from regreport.adapters.local import LocalStore
from regreport.adapters.opened import Opened
from regreport.adapters.sealed import Sealing
from regreport.adapters.sealing import CHUNK_BYTES, Seal, sealed_size
from regreport.errors import ConfigurationError, IntegrityError, KeyDestroyed, NotFound

IN_2036, IN_2040 = date(2036, 11, 23), date(2040, 1, 1)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = b"19800113ANNA#MUELL"


@pytest.fixture
def store(tmp_path: Path, keyring: LocalKeyRing) -> Iterator[LocalStore]:
    """A local store with a keyring."""
    with closing(LocalStore(tmp_path / "store", Sealing(keyring, Opened(tmp_path / "scratch")))) as made:
        yield made


def found(folder: Path, needle: bytes = SECRET) -> list[str]:
    """Files under a folder that hold some bytes."""
    return [str(p.relative_to(folder)) for p in sorted(folder.rglob("*")) if p.is_file() and needle in p.read_bytes()]


def object_file(store: LocalStore, digest: str) -> Path:
    """The file of an object."""
    return store.folder / "objects" / digest[:2] / digest


def test_what_is_at_rest_is_not_plain_and_what_has_no_scope_is(store: LocalStore) -> None:
    sealed = store.put(SECRET * 3, "reports/f.xml", IN_2036, "mifir")
    assert found(store.folder) == []
    assert store.key_id(sealed) == "mifir-2036"
    assert store.read(sealed) == SECRET * 3
    plain = store.put(SECRET, "refdata/f.csv", IN_2036)  # the control: the search finds what is plain
    assert store.key_id(plain) == ""
    assert found(store.folder) == ["names/refdata/f.csv", f"objects/{plain[:2]}/{plain}"]


def test_the_readable_name_is_the_same_ciphertext(store: LocalStore) -> None:
    digest = store.put(SECRET, "reports/f.xml", IN_2036, "mifir")
    assert (store.folder / "names/reports/f.xml").samefile(object_file(store, digest))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_any_size_comes_back_in_any_pieces(store: LocalStore, size: int) -> None:
    content = os.urandom(size)
    pieces = [content[at : at + 700_001] for at in range(0, size, 700_001)]
    digest = store.put(pieces, "f", IN_2036, "mifir")
    assert store.put(content, "f", IN_2036, "mifir") == digest
    assert object_file(store, digest).stat().st_size == sealed_size(size, "mifir-2036")
    assert store.read(digest) == store.local(digest).read_bytes() == content
    with store.open(digest) as stream:
        assert b"".join(iter(lambda: stream.read(99_991), b"")) == content
    store.verify(digest)


def test_the_same_bytes_twice_are_two_ciphertexts() -> None:
    one, two = (Seal("mifir-2036", b"k" * 32) for _ in range(2))
    assert one.header != two.header
    assert one.end(b"d" * 32) != two.end(b"d" * 32)


def chunk_starts(size: int) -> list[int]:
    """Where the chunks of an object of three chunks begin in its file."""
    header = size - (2 * (CHUNK_BYTES + 16) + 100 + 16)
    return [header, header + CHUNK_BYTES + 16, header + 2 * (CHUNK_BYTES + 16)]


def broken(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Ways to break a sealed object of three chunks."""
    a, b, c = chunk_starts(len(content))
    for at in (9, a - 1, a, b + 5, len(content) - 1):
        yield f"byte {at} changed", content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    yield "last chunk cut off", content[:c]
    yield "last byte cut off", content[:-1]
    yield "a byte more", content + b"x"
    yield "middle chunk left out", content[:b] + content[c:]
    yield "chunks swapped", content[:a] + content[b:c] + content[a:b] + content[c:]
    yield "header only", content[:a]
    yield "empty", b""


def fail_unless(ask: Callable[[str], object], digest: str, what: str) -> None:
    """Ask, and name what was broken where it is not noticed."""
    ask(digest)
    pytest.fail(what)


def test_whatever_is_done_to_a_sealed_object_is_found(store: LocalStore) -> None:
    digest = store.put(os.urandom(2 * CHUNK_BYTES + 100), "f", IN_2036, "mifir")
    file = object_file(store, digest)
    file.chmod(0o644)
    whole = file.read_bytes()
    for what, content in broken(whole):
        file.write_bytes(content)
        for ask in (store.verify, store.read):
            with pytest.raises((IntegrityError, NotFound), match=r"bytes are not what was stored|There is no key"):
                fail_unless(ask, digest, what)
    file.write_bytes(whole)
    store.verify(digest)  # the control: unbroken, all is well


def test_an_object_in_the_place_of_another_is_found(store: LocalStore) -> None:
    one, two = (store.put(c, "f", IN_2036, "mifir") for c in (b"x" * 50, b"y" * 50))
    object_file(store, one).chmod(0o644)
    shutil.copyfile(object_file(store, two), object_file(store, one))
    for ask in (store.verify, store.read, store.local):
        with pytest.raises(IntegrityError, match=one):
            ask(one)


def test_a_destroyed_key_ends_its_objects_and_no_others(store: LocalStore, keyring: LocalKeyRing) -> None:
    ended = store.put(b"x", "a", IN_2036, "mifir")
    stays = store.put(b"y", "b", IN_2040, "mifir")
    keyring.destroy("mifir-2036", "ben")
    for ask in (store.read, store.open, store.local, store.verify):
        with pytest.raises(KeyDestroyed, match="key mifir-2036 destroyed on 2026-11-23 by ben"):
            ask(ended)
    assert store.has(ended)
    assert store.names(ended) == ["a"]
    assert store.key_id(ended) == "mifir-2036"
    store.verify(stays)
    with pytest.raises(KeyDestroyed):
        store.put(b"z", "c", IN_2036, "mifir")
    assert len(list(store.digests())) == 2


def test_what_is_kept_longer_moves_to_the_later_key(store: LocalStore, keyring: LocalKeyRing) -> None:
    """The findings of a quiet day are the same bytes every day: they must not hold the key of ten years ago."""
    digest = store.put(b"same", "day-1/f", IN_2036, "mifir")
    store.put(b"same", "day-2/f", IN_2040, "mifir")
    assert store.key_id(digest) == "mifir-2040"
    store.put(b"same", "day-3/f", IN_2036, "mifir")
    assert store.key_id(digest) == "mifir-2040"
    keyring.destroy("mifir-2036", "ben")
    store.verify(digest)
    for name in ("day-1/f", "day-2/f", "day-3/f"):
        assert (store.folder / "names" / name).samefile(object_file(store, digest))


@pytest.mark.parametrize("scope", ["mifir", ""])
def test_bytes_whose_key_is_gone_can_be_stored_again(store: LocalStore, keyring: LocalKeyRing, scope: str) -> None:
    digest = store.put(b"same", "day-1/f", IN_2036, "mifir")
    keyring.destroy("mifir-2036", "ben")
    store.put(b"same", "day-2/f", IN_2040, scope)
    store.verify(digest)
    assert store.read(digest) == b"same"


@pytest.mark.parametrize("batched", [False, True])
def test_a_plain_object_of_an_older_store_is_read_and_sealed_when_it_comes_again(
    tmp_path: Path, keyring: LocalKeyRing, batched: bool
) -> None:
    digest = LocalStore(tmp_path / "store").put(SECRET, "reports/f.xml", IN_2036)
    with closing(LocalStore(tmp_path / "store", Sealing(keyring, Opened(tmp_path / "scratch")))) as store:
        assert store.read(digest) == SECRET
        assert store.local(digest).read_bytes() == SECRET
        if batched:
            with store.batch():
                store.put(SECRET, "reports/g.xml", IN_2036)
                store.put(SECRET, "reports/f.xml", IN_2036, "mifir")
        else:
            store.put(SECRET, "reports/f.xml", IN_2036, "mifir")
        assert found(store.folder) == []
        store.verify(digest)
        assert store.read(digest) == SECRET


def test_a_sealed_object_needs_the_keyring(store: LocalStore, tmp_path: Path) -> None:
    digest = store.put(SECRET, "f", IN_2036, "mifir")
    for other in (LocalStore(store.folder), LocalStore(store.folder, Sealing(None, Opened(tmp_path / "s")))):
        with pytest.raises(ConfigurationError, match=r"encrypted|keyring"):
            other.local(digest)
        with pytest.raises(ConfigurationError, match="keyring"):
            other.verify(digest)
    off = LocalStore(store.folder, Sealing(store._sealing.keyring, seals=False))
    assert off.read(digest) == SECRET
    assert off.key_id(off.put(b"new", "n", IN_2036, "mifir")) == ""


def test_opened_files_are_private_bounded_and_go(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "FILES_MAX", 3)
    digests = [store.put(SECRET + b"%d" % n, "f", IN_2036, "mifir") for n in range(6)]
    paths = [store.local(d) for d in digests]
    assert [p.exists() for p in paths] == [False] * 3 + [True] * 3
    assert store.local(digests[5]) == paths[5]
    assert store.local(digests[0]).read_bytes() == SECRET + b"0"
    private = paths[5].parent
    assert (private.stat().st_mode & 0o777, paths[5].stat().st_mode & 0o777) == (0o700, 0o400)
    store.close()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_small_files_lie_in_memory_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "IN_MEMORY_MAX_BYTES", 150)
    monkeypatch.setattr(opened, "SMALL_MAX_BYTES", 100)
    disk, memory = tmp_path / "disk", tmp_path / "memory"
    with closing(Opened(disk, memory)) as files:
        sizes = [90, 101, 50, 50]
        paths = [files.keep(f"{n:064}", size, [b"x" * size]) for n, size in enumerate(sizes)]
        assert [p.is_relative_to(memory) for p in paths] == [True, False, True, False]
    assert [list(disk.iterdir()), list(memory.iterdir())] == [[], []]


def test_a_keyring_in_the_wrong_place_does_not_begin_a_second_set_of_keys(store: LocalStore, tmp_path: Path) -> None:
    store.put(SECRET, "f", IN_2036, "mifir")
    other = LocalKeyRing(tmp_path / "other", lambda: NOON)
    for _ in ("empty", "with a key of its own"):
        with pytest.raises(ConfigurationError, match="sealed under another keyring"):
            LocalStore(store.folder, Sealing(other)).put(b"x", "x", IN_2036, "mifir")
        other.create("mifir-2036")
    LocalStore(store.folder, store._sealing).put(b"x", "x", IN_2036, "mifir")
