"""The keyring, a port like those of ports.py: where the keys are that objects with persons are encrypted under.

One data key for each scope and year in which the duty to keep ends: when it is destroyed, everything under it has
ended, wherever copies of the ciphertext may lie, and digests, chains and seals still hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class DataKey:
    """A key of the keyring, without the key: instants are ISO texts, empty where it has not happened."""

    key_id: str
    created_at: str
    destroyed_at: str = ""
    destroyed_by: str = ""


class KeyRing(Protocol):
    """Data keys of 32 bytes by id, such as `mifir-2036`: a scope, and the year in which the last duty to keep ends.

    Kept wrapped (by a master key, by KMS on AWS), away from what they encrypt. Raises StoreUnavailable (may be
    retried), ConfigurationError (no master key, or one that others can read), IntegrityError (a wrapped key was
    changed).
    """

    def identity(self) -> str:
        """A name that tells this keyring from any other and nothing about its keys; '' before the first key."""

    def key(self, key_id: str) -> bytes:
        """The data key, unwrapped. Raises NotFound, KeyDestroyed."""

    def create(self, key_id: str) -> bytes:
        """The data key, made and durable if it is new. Raises KeyDestroyed: a key never comes back."""

    def destroy(self, key_id: str, by: str) -> None:
        """End a data key for good, and keep that it was; again changes nothing. Raises NotFound."""

    def known(self) -> list[DataKey]:
        """Every key there is or was, by id."""
