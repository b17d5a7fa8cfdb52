"""A page of the documentation as something to run: its console blocks, the files it tells to write, its marks.

In a `console` block a line that begins with `$ ` is a command, and the lines below it are what it prints. `...` stands
for any lines, or inside a line for any text; blanks count as one. A command that ends other than with 0 says so in a
comment: `$ regreport status  # exit 1`. A block whose first line says `file=NAME` is written to NAME. A comment
`<!-- before: words -->` asks the test for something that a reader has and a test has not (see preparations.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^ {0,3}```(.*)$")
BEFORE = re.compile(r"^<!-- before: (.+) -->$")
EXIT = re.compile(r"\s+# exit (\d)$")


@dataclass(frozen=True)
class Command:
    """One command, what it should print (nothing: whatever it likes), and its exit code."""

    line: int
    text: str
    expected: tuple[str, ...]
    code: int


@dataclass(frozen=True)
class Written:
    """A file that the page tells the reader to write."""

    line: int
    name: str
    content: str


@dataclass(frozen=True)
class Before:
    """Something that has to be there before the page goes on."""

    line: int
    words: str


Step = Command | Written | Before


def pages() -> list[Path]:
    """Every page that a person wrote or the code made, by path."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")]
    return sorted(p for p in found)


def steps(path: Path) -> list[Step]:
    """What the page does, in order."""
    return list(_steps(path.read_text(encoding="utf-8").splitlines()))


def _steps(lines: list[str]) -> Iterator[Step]:
    block: list[str] = []
    info, opened = "", 0
    for number, line in enumerate(lines, start=1):
        fence = FENCE.match(line)
        if opened and not fence:
            block.append(line)
        elif opened:
            yield from _block(info, block, opened)
            opened = 0
        elif fence:
            info, opened, block = fence.group(1).strip(), number, []
        elif mark := BEFORE.match(line):
            yield Before(number, mark.group(1))
    assert not opened, f"line {opened}: the block is not closed"


def _block(info: str, block: list[str], line: int) -> Iterator[Step]:
    kind, _, rest = info.partition(" ")
    name = rest.partition("file=")[2]
    if name:
        yield Written(line, name.strip(), "\n".join(block) + "\n")
    elif kind == "console":
        yield from _commands(block, line)


def _commands(block: list[str], line: int) -> Iterator[Command]:
    text, expected, at = "", [], line
    assert block, f"line {line}: a console block is empty"
    assert block[0].startswith("$ "), f"line {line}: a console block begins with a command"
    for number, shown in enumerate([*block, "$ "], start=line + 1):
        if not shown.startswith("$ "):
            if text.endswith("\\"):
                text = f"{text[:-1]}{shown.strip()}"
            else:
                expected.append(shown)
            continue
        if text:
            yield _command(text, expected, at)
        text, expected, at = shown[2:].rstrip(), [], number


def _command(text: str, expected: list[str], line: int) -> Command:
    code = EXIT.search(text)
    while expected and not expected[-1].strip():
        expected.pop()
    return Command(line, EXIT.sub("", text), tuple(expected), int(code.group(1)) if code else 0)


def agrees(expected: tuple[str, ...], printed: str) -> bool:
    """Whether what was printed is what the page shows."""
    if not expected:
        return True
    parts = [r"(?:.*\n)*?" if e.strip() == "..." else f"{_line(e)} *\n" for e in expected]
    shown = "".join(f"{_blanks(line)}\n" for line in printed.rstrip("\n").split("\n"))
    return re.fullmatch("".join(parts), shown) is not None


def _line(expected: str) -> str:
    return ".*".join(re.escape(part) for part in re.split(r" ?\.\.\. ?", _blanks(expected)))


def _blanks(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip()
