"""Ways of asking a check about plain values, and the texts that look right to the eye only."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl
import pytest

Check = Callable[[pl.Expr], pl.Expr]
Ask = Callable[[Check, Iterable[str | None]], list[bool | None]]


@pytest.fixture(scope="session")
def ask() -> Ask:
    """`ask(lei.is_valid, values)`: the verdicts on these values, judged as one column."""

    def verdicts(check: Check, values: Iterable[str | None]) -> list[bool | None]:
        column = pl.DataFrame({"value": pl.Series(list(values), dtype=pl.String)})
        answer = column.select(verdict=check(pl.col("value")))["verdict"]
        assert answer.dtype == pl.Boolean
        return answer.to_list()

    return verdicts


@pytest.fixture(scope="session")
def spoilt() -> Callable[[str], dict[str, str]]:
    """`spoilt(code)`: the ways in which a valid code arrives looking right and being wrong, by name."""

    def ways(code: str) -> dict[str, str]:
        digit = next((place for place, letter in enumerate(code) if letter.isdigit()), 0)
        full_width = chr(ord(code[digit]) + 0xFEE0)
        letter = next((place for place, letter in enumerate(code) if letter in "ABCEHKMOPTX"), None)
        found = {
            "lower case": code.lower(),
            "zero-width space inside": f"{code[:3]}\u200b{code[3:]}",
            "zero-width space after": f"{code}\u200b",
            "byte order mark before": f"\ufeff{code}",
            "blank before": f" {code}",
            "blank after": f"{code} ",
            "no-break space after": f"{code}\u00a0",
            "line feed after": f"{code}\n",
            "NUL after": f"{code}\0",
            "full-width character": f"{code[:digit]}{full_width}{code[digit + 1 :]}",
            "one character short": code[:-1],
            "twice": code * 2,
            "empty": "",
        }
        if letter is not None:
            cyrillic = dict(zip("ABCEHKMOPTX", "АВСЕНКМОРТХ", strict=True))[code[letter]]
            found["Cyrillic letter"] = f"{code[:letter]}{cyrillic}{code[letter + 1 :]}"
        return {name: value for name, value in found.items() if value != code}

    return ways
