"""The corpus of XML files: what must come of each, and the ones that are too large to keep."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "xml"
MEGABYTES_20 = 20_000_000


@dataclass(frozen=True)
class Case:
    """One file, the exit code of `check`, and the words it must say."""

    file: str
    exit: int
    says: tuple[str, ...]
    made: str = ""

    def put(self, folder: Path) -> Path:
        """The file in a folder of the test's own."""
        path = folder / self.file
        path.write_bytes(_made(self.file) if self.made else (CORPUS / self.file).read_bytes())
        return path


def cases() -> list[Case]:
    """Every case of expected.toml."""
    listed = tomllib.loads((CORPUS / "expected.toml").read_text(encoding="utf-8"))["case"]
    return [Case(c["file"], c["exit"], tuple(c["says"]), c.get("made", "")) for c in listed]


def _made(name: str) -> bytes:
    good = (CORPUS / "good-enveloped.xml").read_text(encoding="utf-8")
    declared, _, body = good.partition("\n")
    deep = "<a>" * 100_000 + "</a>" * 100_000
    many = "".join(f' a{n}="1"' for n in range(200_000))
    text = {
        "refused-text-20-mb.xml": good.replace("ÖSTERBERG", "Ö" * MEGABYTES_20),
        "refused-blanks-20-mb.xml": good.replace("<Sellr>", "<Sellr>" + " " * MEGABYTES_20),
        "refused-deep.xml": f"{declared}\n{deep}",
        "refused-deep-inside.xml": good.replace("<Sellr>", f"<Sellr>{deep}"),
        "refused-attributes.xml": good.replace("<Sellr>", f"<Sellr{many}>"),
        "refused-quadratic.xml": f'{declared}\n<!DOCTYPE BizData [<!ENTITY a "{"a" * 100_000}">]>\n'
        + body.replace("YY_DATTRA", "&a;" * 1_000),
    }
    return text[name].encode("utf-8")
