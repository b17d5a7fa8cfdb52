"""The KeyRing contract: data keys by id that are durable at once, and end for good."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from regreport.errors import KeyDestroyed, NotFound
from regreport.keyring import KeyRing


def test_a_key_is_made_once_and_found_again(keyring: KeyRing) -> None:
    key = keyring.create("mifir-2036")
    assert len(key) == 32
    assert keyring.create("mifir-2036") == keyring.key("mifir-2036") == key
    assert keyring.create("mifir-2037") != key
    told = keyring.known()
    assert [(k.key_id, k.destroyed_at) for k in told] == [("mifir-2036", ""), ("mifir-2037", "")]


@pytest.mark.parametrize("key_id", ["mifir-2040", "", "../mifir-2036", "MIFIR-2036", "mifir 2036", "a" * 60])
def test_a_key_that_is_not_there_is_not_found(keyring: KeyRing, key_id: str) -> None:
    keyring.create("mifir-2036")
    with pytest.raises(NotFound):
        keyring.key(key_id)
    with pytest.raises(NotFound):
        keyring.destroy(key_id, "ana")


def test_a_destroyed_key_never_comes_back(keyring: KeyRing) -> None:
    keyring.create("mifir-2037")
    keyring.create("mifir-2036")
    for _ in range(2):
        keyring.destroy("mifir-2036", "ana")
    for ask in (keyring.key, keyring.create):
        with pytest.raises(KeyDestroyed, match="key mifir-2036 destroyed on 2026-11-23 by ana"):
            ask("mifir-2036")
    (ended, stays) = keyring.known()
    assert (ended.key_id, ended.destroyed_by, ended.destroyed_at[:10]) == ("mifir-2036", "ana", "2026-11-23")
    assert stays.destroyed_at == ""
    keyring.key("mifir-2037")


def test_many_at_once_get_the_same_key(keyring: KeyRing) -> None:
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(keyring.create, ["mifir-2036"] * 24))) == 1
