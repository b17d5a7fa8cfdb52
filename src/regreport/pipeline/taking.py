"""A report's files taken out of the store in plain, with a note in its chain of who did and why."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from regreport.errors import BadInput, IntegrityError
from regreport.model.report import ReportFile
from regreport.pipeline.home import Home

_READ_BYTES = 1 << 20


def take_out(home: Home, report_id: str, folder: Path, reason: str) -> list[Path]:
    """Write every file of a report to a folder, readable for its owner only.

    Raises NotFound, BadInput (no such folder, or something is there under its name), IntegrityError.
    """
    submission = home.ledger.submission(report_id)
    if not folder.is_dir():
        raise BadInput("it is not a folder", "Make it, or name another", file=str(folder))
    if not reason.strip():
        raise BadInput("say why: whoever reads the ledger later will ask", field="--reason")
    home.ledger.note(report_id, "files taken out", {"reason": reason, "files": str(len(submission.files))}, home.actor)
    return [_write(home, file, folder / file.name) for file in submission.files]


def _write(home: Home, file: ReportFile, target: Path) -> Path:
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadInput("it is there already", "Move it away, or name another folder", file=str(target)) from None
    try:
        with os.fdopen(descriptor, "wb") as out, home.store.open(file.digest) as stream:
            hasher = hashlib.sha256()
            while part := stream.read(_READ_BYTES):
                hasher.update(part)
                out.write(part)
        if hasher.hexdigest() != file.digest:
            raise IntegrityError(f"{file.name}: its bytes are not what was stored; restore it from a copy")
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(target)
        raise
    return target
