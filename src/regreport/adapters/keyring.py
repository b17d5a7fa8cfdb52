"""The keyring of one machine: data keys wrapped by a master key, one small file each.

    master.key              one line: "regreport-master-1 " and 32 bytes in base64; mode 0600
    mifir-2036.key          JSON: format, id, created_at, and wrapped: base64 of 12 bytes of nonce and the data key in
                            AES-256-GCM under the master key; associated bytes "regreport-key-1:" + id
    mifir-2036.destroyed    JSON: id, destroyed_at, destroyed_by; the key file is gone

Every file is durable before it is used: a key that a power cut could take would take all that is sealed under it. A
destroyed key never comes back: its tombstone is written first, and a key file that a crash left beside one is removed.
Keep the folder where the store's copies do not go: who has both can read everything, who has lost it can read nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from regreport.adapters.durable import flush_folder, make_folder, unlink, write_new
from regreport.errors import ConfigurationError, IntegrityError, KeyDestroyed, NotFound, StoreUnavailable
from regreport.keyring import DataKey

MASTER: Final = "master.key"
MASTER_FORMAT: Final = "regreport-master-1"
KEY_FORMAT: Final = "regreport-key-1"
KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_KEY_ID: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,40}(-[0-9]{4})?")


class LocalKeyRing:
    """The KeyRing of keyring.py in a folder, which is made at the first key."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self.folder = folder
        self._now = now
        self._opened: dict[str, bytes] = {}
        self._turn = threading.Lock()
        if (folder / MASTER).exists():
            self._master()

    def identity(self) -> str:
        """Made from the master key."""
        with self._reachable():
            if not (self.folder / MASTER).exists():
                return ""
            return hashlib.sha256(b"regreport keyring" + self._master()).hexdigest()[:32]

    def key(self, key_id: str) -> bytes:
        """The data key. Raises NotFound, KeyDestroyed, ConfigurationError (the master key is not there or not safe)."""
        _check(key_id)
        with self._turn, self._reachable():
            self._refuse_destroyed(key_id)
            if key_id not in self._opened:
                self._opened[key_id] = self._unwrap(key_id)
            return self._opened[key_id]

    def create(self, key_id: str) -> bytes:
        """The data key, made if it is new. Raises KeyDestroyed, ConfigurationError."""
        _check(key_id)
        if key_id in self._opened or any(self._file(key_id, kind).exists() for kind in ("key", "destroyed")):
            return self.key(key_id)
        with self._turn, self._reachable():
            make_folder(self.folder)
            master = self._master(make=True)
            nonce, key = os.urandom(_NONCE_BYTES), os.urandom(KEY_BYTES)
            wrapped = nonce + AESGCM(master).encrypt(nonce, key, _associated(key_id))
            told = {"format": KEY_FORMAT, "id": key_id, "created_at": self._now().isoformat()}
            told["wrapped"] = base64.b64encode(wrapped).decode()
            write_new(self._file(key_id, "key"), json.dumps(told).encode() + b"\n")
        return self.key(key_id)  # another process may have been first: its key counts

    def destroy(self, key_id: str, by: str) -> None:
        """End a data key for good. Doing it again changes nothing. Raises NotFound."""
        _check(key_id)
        with self._turn, self._reachable():
            if not self._file(key_id, "destroyed").exists():
                if not self._file(key_id, "key").exists():
                    raise _unknown(key_id, self.folder)
                told = {"id": key_id, "destroyed_at": self._now().isoformat(), "destroyed_by": by}
                write_new(self._file(key_id, "destroyed"), json.dumps(told).encode() + b"\n")
            self._remove(key_id)

    def known(self) -> list[DataKey]:
        """Every key there is or was, by id."""
        with self._reachable():
            names = sorted(os.listdir(self.folder)) if self.folder.is_dir() else []
            ids = sorted({n.rpartition(".")[0] for n in names if n.endswith((".key", ".destroyed")) and n != MASTER})
            return [self._told(key_id) for key_id in ids]

    def _told(self, key_id: str) -> DataKey:
        created = _read_json(self._file(key_id, "key")).get("created_at", "")
        ended = _read_json(self._file(key_id, "destroyed"))
        return DataKey(key_id, created, ended.get("destroyed_at", ""), ended.get("destroyed_by", ""))

    def _file(self, key_id: str, kind: str) -> Path:
        return self.folder / f"{key_id}.{kind}"

    def _refuse_destroyed(self, key_id: str) -> None:
        """A tombstone counts at once, also for a process that has the key in memory."""
        if os.path.exists(f"{self.folder}/{key_id}.destroyed"):
            ended = _read_json(self._file(key_id, "destroyed"))
            self._remove(key_id)
            raise KeyDestroyed(key_id, str(ended.get("destroyed_at", "")), str(ended.get("destroyed_by", "")))

    def _remove(self, key_id: str) -> None:
        self._opened.pop(key_id, None)
        unlink(self._file(key_id, "key"), missing_ok=True)
        flush_folder(self.folder)

    def _unwrap(self, key_id: str) -> bytes:
        master = self._master()
        told = _read_json(self._file(key_id, "key"))
        if not told:
            raise _unknown(key_id, self.folder)
        try:
            wrapped = base64.b64decode(told["wrapped"], validate=True)
            nonce, rest = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
            return AESGCM(master).decrypt(nonce, rest, _associated(key_id))
        except (InvalidTag, ValueError, KeyError, TypeError):
            raise IntegrityError(
                f"the data key {key_id} in {self.folder} does not open with {MASTER} there: it was changed, or is of "
                "another keyring. Restore the folder as a whole"
            ) from None

    def _master(self, *, make: bool = False) -> bytes:
        path = self.folder / MASTER
        if make and not path.exists():
            if any(name.endswith(".key") for name in os.listdir(self.folder)):
                raise ConfigurationError(f"{path} is gone, but keys that it wraps are there; restore it from a copy")
            write_new(path, f"{MASTER_FORMAT} {base64.b64encode(os.urandom(KEY_BYTES)).decode()}\n".encode())
        try:
            with path.open(encoding="ascii") as stream:
                mode = os.fstat(stream.fileno()).st_mode
                words = stream.read(200).split()
        except FileNotFoundError:
            raise ConfigurationError(
                f"There is no master key {path}. Say where the keyring is: [keys] folder, or REGREPORT_KEYRING"
            ) from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(f"the master key {path} can be read by others; run: chmod 600 {path}")
        try:
            form, text = words
            master = base64.b64decode(text, validate=True)
        except ValueError:
            form, master = "", b""
        if form != MASTER_FORMAT or len(master) != KEY_BYTES:
            raise ConfigurationError(f"{path} is not a master key of regreport; restore it from a copy")
        return master

    def _reachable(self) -> _Reachable:
        return _Reachable(self.folder)


class _Reachable:
    """What the system refuses is said as a keyring that does not answer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, OSError):
            raise StoreUnavailable(f"the keyring {self._folder} failed: {fault}; nothing was half kept") from fault


def _check(key_id: str) -> None:
    if not _KEY_ID.fullmatch(key_id):
        raise NotFound(f"{key_id[:60]!r} is not the id of a key, such as mifir-2036")


def _unknown(key_id: str, folder: Path) -> NotFound:
    return NotFound(
        f"There is no key {key_id} in the keyring {folder}. Say where it is: [keys] folder, or REGREPORT_KEYRING"
    )


def _associated(key_id: str) -> bytes:
    return f"{KEY_FORMAT}:{key_id}".encode()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        return {"fault": "not JSON"}
    return told if isinstance(told, dict) else {"fault": "not JSON"}
