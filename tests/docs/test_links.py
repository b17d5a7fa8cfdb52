"""Every link of a page leads somewhere: to a file of this tree, and where it names a heading, to that heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.page import ROOT, pages

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def links(text: str) -> list[str]:
    """The targets of a page's links, code left out."""
    return LINK.findall(CODE.sub("", text))


def anchors(path: Path) -> set[str]:
    """The headings of a page as links name them."""
    heads = re.findall(r"^#+ (.+)$", CODE.sub(lambda m: m[0].strip("`"), path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def broken(page: Path, text: str) -> list[str]:
    """The links that lead nowhere."""
    found = []
    for link in links(text):
        if "://" in link:
            found.append(f"{link}: nothing outside this tree is linked")
            continue
        file, _, heading = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or not target.is_relative_to(ROOT) or (heading and heading not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page, page.read_text(encoding="utf-8")) == []


def test_a_broken_link_is_seen() -> None:
    """The control."""
    text = "[a](nowhere.md) [b](README.md#no-such-heading) [c](../outside.md) `[d](code.md)` [e](README.md#try-it)"
    assert broken(ROOT / "README.md", text) == ["nowhere.md", "README.md#no-such-heading", "../outside.md"]


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in reached:
            continue
        reached.add(page)
        if page.is_dir():
            left += page.rglob("*.md")
            continue
        for link in links(page.read_text(encoding="utf-8")):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.exists() and (target.suffix == ".md" or target.is_dir()):
                left.append(target)
    assert [p for p in pages() if p not in reached] == []
