"""ISIN: agrees with python-stdnum on valid and mutated codes, and detects what Luhn's method promises to detect."""

from __future__ import annotations

import random
import string

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import isin as oracle

from regreport.codelists import isin

ALNUM = string.digits + string.ascii_uppercase
bodies = st.builds(
    "".join,
    st.tuples(
        st.text(alphabet=string.ascii_uppercase, min_size=2, max_size=2),
        st.text(alphabet=ALNUM, min_size=9, max_size=9),
    ),
)


def one(check, value):
    return pl.DataFrame({"value": [value]}).select(check("value")).item()


def test_known_isins_are_valid(ask):
    known = ["US0378331005", "GB0002634946", "XS2021212332", "DE0007164600", "DE000BAY0017", "AU0000XVGZA3"]
    assert ask(isin.is_valid, known) == [True] * 6


def test_null_stays_null_in_every_verb(ask):
    for verb in (isin.well_formed, isin.check_digits, isin.is_valid):
        assert ask(verb, [None, "US0378331005"]) == [None, True]


def test_texts_that_only_look_right_are_invalid(ask, spoilt):
    ways = spoilt("US0378331005")
    verdicts = dict(zip(ways, ask(isin.is_valid, ways.values()), strict=True))
    assert not any(verdicts.values()), verdicts


def test_letters_only_and_digits_only_bodies(ask):
    widest = isin.with_check_digit("ZZZZZZZZZZZ")
    narrowest = isin.with_check_digit("AA000000000")
    assert ask(isin.is_valid, [widest, narrowest]) == [True, True]


def test_agrees_with_stdnum_on_thousands_of_codes(ask):
    rng = random.Random(6166)
    codes = []
    for _ in range(6_000):
        letters = rng.choice([string.digits, ALNUM])
        code = isin.with_check_digit(
            rng.choice(["US", "GB", "XS", "DE", "FR", "EU"]) + "".join(rng.choices(letters, k=9))
        )
        if rng.random() < 0.6:
            place = rng.randrange(2, 12)
            code = code[:place] + rng.choice(ALNUM) + code[place + 1 :]
        codes.append(code)
    expected = [bool(oracle.is_valid(code)) and code[-1].isdigit() for code in codes]
    assert ask(isin.is_valid, codes) == expected
    assert 0.25 < sum(expected) / len(expected) < 0.75


@settings(deadline=None)
@given(bodies)
def test_what_the_maker_makes_is_valid(body):
    assert one(isin.is_valid, isin.with_check_digit(body)) is True


@settings(deadline=None)
@given(bodies, st.integers(2, 11), st.sampled_from(string.digits))
def test_one_wrong_digit_is_always_detected(body, place, other):
    code = isin.with_check_digit(body)
    if code[place].isdigit():
        changed = code[:place] + other + code[place + 1 :]
        assert one(isin.is_valid, changed) is (changed == code)


def test_of_letters_some_pairs_look_alike(ask):
    made = [isin.with_check_digit(f"US{letter}00000000")[-1] for letter in string.ascii_uppercase]
    assert len(set(made)) < len(made), "Luhn's method cannot tell 26 letters apart with 10 digits"


@pytest.mark.parametrize("body", ["US037833100X", "us037833100", "U0037833100", ""])
def test_the_maker_refuses_what_is_no_beginning_of_an_isin(body):
    with pytest.raises(ValueError, match="an ISIN begins with 2"):
        isin.with_check_digit(body)


def test_works_inside_lists_and_lazily():
    frame = pl.LazyFrame({"basket": [["US0378331005", "US0378331006"], [], None]})
    answer = frame.select(pl.col("basket").list.eval(isin.is_valid(pl.element()))).collect(engine="streaming")
    assert answer["basket"].to_list() == [[True, False], [], None]
