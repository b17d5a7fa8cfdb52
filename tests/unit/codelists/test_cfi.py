"""CFI: groups and attributes, against codes seen in use and against python-stdnum's table."""

from __future__ import annotations

import random
import string

import polars as pl
import pytest
from stdnum import cfi as oracle

from regreport.codelists import cfi
from regreport.codelists.column import code_list

IN_USE = ["SRCCSP", "SRDXSC", "SFFXXC", "ESVUFR", "HESAVC", "SESPXC", "JESXFC", "OCASPS", "FFSCSX", "DBFTFB"]
CATEGORIES = "EDCROFSHIJKLTM"


def test_codes_in_use_are_valid(ask):
    assert ask(cfi.is_valid, IN_USE) == [True] * len(IN_USE)


def test_null_stays_null_in_every_verb(ask):
    for verb in (cfi.well_formed, cfi.group_is_known, cfi.is_valid):
        assert ask(verb, [None, "ESVUFR"]) == [None, True]


def test_texts_that_only_look_right_are_invalid(ask, spoilt):
    ways = spoilt("ESVUFR")
    verdicts = dict(zip(ways, ask(cfi.is_valid, ways.values()), strict=True))
    assert not any(verdicts.values()), verdicts


def test_what_is_wrong_is_told_apart(ask):
    shape, group, attribute = "ESVUF1", "EZVUFR", "ESVUFQ"
    assert ask(cfi.well_formed, [shape, group, attribute]) == [False, True, True]
    assert ask(cfi.group_is_known, [shape, group, attribute]) == [False, False, True]
    assert ask(cfi.is_valid, [shape, group, attribute]) == [False, False, False]


def test_x_may_stand_for_any_attribute_but_not_for_category_or_group(ask):
    groups = code_list("cfi")["group"].to_list()
    assert ask(cfi.is_valid, [code + "XXXX" for code in groups]) == [True] * len(groups)
    assert ask(cfi.is_valid, ["XXXXXX", "EXXXXX"]) == [False, False]


def test_every_category_has_a_group():
    groups = code_list("cfi")["group"]
    assert set(groups.str.head(1)) == set(CATEGORIES)
    assert groups.is_unique().all()


@pytest.mark.parametrize("category", CATEGORIES)
def test_takes_every_code_that_stdnum_takes(ask, category):
    """Ours may take more (it holds later editions), never less."""
    rng = random.Random(ord(category))
    groups = code_list("cfi").filter(pl.col("group").str.starts_with(category))["group"].to_list()
    letters = string.ascii_uppercase
    tried = [rng.choice(groups) + "".join(rng.choices(letters, k=4)) for _ in range(3_000)]
    # One attribute at a time as well, or hardly any code of a group with four narrow attributes would come up.
    tried += [g + "X" * place + letter + "X" * (3 - place) for g in groups for place in range(4) for letter in letters]
    taken = [code for code in tried if oracle.is_valid(code)]
    assert len(set(taken)) >= len(groups)
    refused = [code for code, good in zip(taken, ask(cfi.is_valid, taken), strict=True) if not good]
    assert refused == []


def test_category_and_group_are_the_first_letters():
    frame = pl.DataFrame({"cfi": ["SRCCSP", None]}).select(cfi.category("cfi"), group=cfi.group("cfi"))
    assert frame.rows() == [("S", "SR"), (None, None)]
