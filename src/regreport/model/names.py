"""Names that are safe as a file's name here and on the other side: one plain component, nothing hidden in it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from regreport.errors import BadInput

NAME_BYTES_MAX: Final = 240
"""Room is left for `.part` and for what the other side appends; file systems end at 255 bytes."""

_RESERVED: Final = frozenset(
    {"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(10)}
)
_SEPARATORS: Final = frozenset("/\\")


@lru_cache(maxsize=4096)
def name_fault(name: str) -> str:
    """Why a file's name is not safe, in words; empty where it is."""
    if name in ("", ".", ".."):
        return "it is not a name of a file"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in name):
        return "it holds a character that cannot be seen"
    if _SEPARATORS & set(name):
        return "it holds a slash or a backslash, as if it were a path"
    if name[0] in ".-~ " or name[-1] in ". ":
        return "it begins with a dot, a dash, a tilde or a blank, or ends with a dot or a blank"
    if name.split(".")[0].upper() in _RESERVED:
        return "some systems take it for a device"
    if len(name.encode("utf-8")) > NAME_BYTES_MAX:
        return f"it is longer than {NAME_BYTES_MAX} bytes"
    return ""


def safe_name(name: str, what: str) -> str:
    """The name as it came. Raises BadInput, naming `what` it is the name of."""
    fault = name_fault(name)
    if fault:
        raise BadInput(f"the name of {what} cannot be used: {fault}", "Rename it", value=name)
    return name


def safe_path(path: str, what: str) -> tuple[str, ...]:
    """The components of a relative readable name such as `reports/EU/2026-11-23/x.xml`. Raises BadInput."""
    return tuple(safe_name(part, what) for part in path.split("/"))
