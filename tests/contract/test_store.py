"""The Store contract: immutable objects named by their bytes."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regreport.errors import BadInput, NotFound
from regreport.ports import Store

DAY = date(2036, 11, 23)


def sha256(content: bytes) -> str:
    """The name that the bytes must get."""
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("content", [b"", b"x", b"\r\n\0\xff" * 1000])
def test_bytes_come_back_under_their_digest(store: Store, content: bytes) -> None:
    digest = store.put(content, "reports/EU/2026-11-23/R-1/f.xml", DAY)
    assert digest == sha256(content)
    assert store.has(digest)
    assert store.read(digest) == content
    assert store.local(digest).read_bytes() == content
    with store.open(digest) as stream:
        assert stream.read(2) + stream.read() == content
    store.verify(digest)
    assert list(store.digests()) == [digest]
    assert store.names(digest) == ["reports/EU/2026-11-23/R-1/f.xml"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.binary(max_size=2000), max_size=6), views=st.booleans())
def test_a_stream_is_the_same_object_as_its_bytes(store: Store, parts: list[bytes], views: bool) -> None:
    streamed = store.put((memoryview(p) if views else p for p in parts), "a/b", DAY)
    assert streamed == store.put(b"".join(parts), "a/b", DAY) == sha256(b"".join(parts))
    assert store.read(streamed) == b"".join(parts)


def test_the_local_file_is_read_only(store: Store) -> None:
    path = store.local(store.put(b"x", "a", DAY))
    assert path.stat().st_mode & 0o222 == 0


def test_the_same_bytes_are_one_object_with_two_names(store: Store) -> None:
    digest = store.put(b"x", "b/second", DAY)
    assert store.put(b"x", "a/first", DAY) == digest
    assert list(store.digests()) == [digest]
    assert store.names(digest) == ["a/first", "b/second"]


def test_one_name_may_have_two_contents_and_neither_is_lost(store: Store) -> None:
    first, second = store.put(b"x", "a/f", DAY), store.put(b"y", "a/f", DAY)
    assert (store.read(first), store.read(second)) == (b"x", b"y")
    assert store.names(first) == store.names(second) == ["a/f"]
    for digest in (first, second):
        store.verify(digest)


def test_retention_grows_and_never_shrinks(store: Store) -> None:
    digest = store.put(b"x", "a", DAY)
    store.put(b"x", "a", date(2030, 1, 1))
    assert store.retain_until(digest) == DAY
    store.put(b"x", "a", date(2040, 1, 1))
    assert store.retain_until(digest) == date(2040, 1, 1)
    store.put(b"x", "b", date(2050, 1, 1))
    assert store.retain_until(digest) == date(2050, 1, 1)
    assert store.names(digest) == ["a", "b"]


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "", "A" * 64, "0" * 63])
def test_what_is_not_there_is_not_found(store: Store, digest: str) -> None:
    assert not store.has(digest)
    for ask in (store.read, store.open, store.local, store.verify, store.retain_until, store.names):
        with pytest.raises(NotFound):
            ask(digest)


@pytest.mark.parametrize(
    "name", ["", "/etc/x", "a/../b", "a//b", "a/b/", "a\nb", "a\0b", "CON", "a/-rf", "x" * 300, "a\\b", "x."]
)
def test_a_name_that_could_hide_something_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadInput, match="name of an object"):
        store.put(b"x", name, DAY)
    assert list(store.digests()) == []


def test_a_batch_is_read_inside_and_kept_after(store: Store) -> None:
    with store.batch():
        digest = store.put(b"x", "a", DAY)
        assert store.has(digest)
        assert store.read(digest) == b"x"
        assert store.local(digest).read_bytes() == b"x"
        assert store.retain_until(digest) == DAY
        assert store.names(digest) == ["a"]
        with store.batch():
            assert store.put(b"x", "b", date(2040, 1, 1)) == digest
        stream = store.open(digest)
    assert stream.read() == b"x"  # a stream opened inside lives on
    stream.close()
    store.verify(digest)
    assert (store.names(digest), store.retain_until(digest)) == (["a", "b"], date(2040, 1, 1))
    assert store.local(digest).read_bytes() == b"x"


def test_a_large_batch_is_kept_whole(store: Store) -> None:
    with store.batch():
        digests = [store.put(b"%d" % n, f"reports/R-{n}.xml", DAY) for n in range(200)]
    assert list(store.digests()) == sorted(digests)
    for digest in digests:
        store.verify(digest)


def test_a_batch_left_by_an_exception_is_forgotten(store: Store) -> None:
    kept = store.put(b"kept", "a", DAY)
    with pytest.raises(RuntimeError, match="stop"), store.batch():
        _put_and_stop(store)
    assert list(store.digests()) == [kept]
    assert store.names(kept) == ["a"]
    again = store.put(b"new", "n", DAY)
    store.verify(again)


def _put_and_stop(store: Store) -> None:
    store.put(b"new", "n", DAY)
    store.put(b"kept", "other name", DAY)
    raise RuntimeError("stop")


def test_a_stream_that_breaks_leaves_nothing(store: Store) -> None:
    def broken() -> object:
        yield b"half"
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        store.put(broken(), "a", DAY)  # type: ignore[arg-type]
    assert list(store.digests()) == []


def test_many_put_the_same_at_once(store: Store) -> None:
    gate = threading.Barrier(6)

    def work(worker: int) -> list[str]:
        gate.wait()
        return [store.put(b"%d" % (n % 7), f"w{worker}/{n}", DAY) for n in range(21)]

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(work, range(6)))
    assert all(result == results[0] for result in results)
    assert len(list(store.digests())) == 7
    for digest in store.digests():
        store.verify(digest)
        assert len(store.names(digest)) == 6 * 3
