"""The anchor as a folder outside the workspace: seals and public keys as read-only files, each written once.

    S-000001.json      the seal's document, as it lies in the store
    keys/<id>.pub      a public key in hexadecimal digits

Put it where those who run the workspace cannot write a second time: another machine's share, a write-once volume.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from regreport.adapters.durable import flush, flush_folder, make_folder, make_read_only, rename, write_all
from regreport.errors import ConfigurationError, IntegrityError, StoreUnavailable


class AnchorFolder:
    """The Anchor of ports.py as a folder, made when missing."""

    def __init__(self, folder: Path, workspace: Path) -> None:
        if workspace.resolve() in (folder.resolve(), *folder.resolve().parents):
            raise ConfigurationError(
                f"The anchor {folder} lies in the workspace: who rolls one back, rolls the other back too. "
                "Name a folder elsewhere in [seal] anchor"
            )
        self.folder = folder

    def keep(self, name: str, content: bytes) -> None:
        """Keep a document. Raises IntegrityError where another one has its name, StoreUnavailable."""
        self._keep(self.folder / name, content)

    def keep_key(self, public: str) -> None:
        """Keep a public key."""
        name = sha256(bytes.fromhex(public)).hexdigest()[:16]
        self._keep(self.folder / "keys" / f"{name}.pub", f"{public}\n".encode("ascii"))

    def names(self) -> list[str]:
        """The names of the documents, in order."""
        return sorted(path.name for path in self.folder.glob("S-*.json"))

    def read(self, name: str) -> bytes:
        """One document."""
        return (self.folder / name).read_bytes()

    def keys(self) -> list[str]:
        """The public keys, in order of their ids."""
        found = sorted((self.folder / "keys").glob("*.pub"))
        return [path.read_text(encoding="ascii", errors="replace").strip() for path in found]

    def _keep(self, path: Path, content: bytes) -> None:
        try:
            if path.exists():
                if path.read_bytes() != content:
                    raise IntegrityError(f"The anchor has another {path.name} than the one to be kept")
                return
            make_folder(path.parent)
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            part.unlink(missing_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                write_all(descriptor, content)
                make_read_only(descriptor)
                flush(descriptor)
            finally:
                os.close(descriptor)
            rename(part, path)
            flush_folder(path.parent)
        except OSError as fault:
            raise StoreUnavailable(f"The anchor {path.parent} failed: {fault.strerror}; try again") from fault
