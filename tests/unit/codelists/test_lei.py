"""LEI: agrees with python-stdnum on valid and mutated codes, and detects what MOD 97-10 promises to detect."""

from __future__ import annotations

import random
import string

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import lei as oracle

from regreport.codelists import lei

ALNUM = string.digits + string.ascii_uppercase
bodies = st.text(alphabet=ALNUM, min_size=18, max_size=18)


def one(check, value):
    return pl.DataFrame({"value": [value]}).select(check("value")).item()


def test_known_leis_are_valid(ask):
    known = ["529900T8BM49AURSDO55", "HWUPKR0MPOU8FGXBT394", "213800WAVVOPS85N2205", "5493000IBP32UQZ0KL24"]
    assert ask(lei.is_valid, known) == [True] * 4


def test_null_stays_null_in_every_verb(ask):
    for verb in (lei.well_formed, lei.check_digits, lei.is_valid):
        assert ask(verb, [None, "529900T8BM49AURSDO55"]) == [None, True]


def test_texts_that_only_look_right_are_invalid(ask, spoilt):
    ways = spoilt("529900T8BM49AURSDO55")
    verdicts = dict(zip(ways, ask(lei.is_valid, ways.values()), strict=True))
    assert not any(verdicts.values()), verdicts


def test_wrong_digits_in_the_right_shape(ask):
    assert ask(lei.well_formed, ["529900T8BM49AURSDO56"]) == [True]
    assert ask(lei.check_digits, ["529900T8BM49AURSDO56", "short"]) == [False, False]


def test_agrees_with_stdnum_on_thousands_of_codes(ask):
    rng = random.Random(17442)
    codes = []
    for _ in range(6_000):
        code = lei.with_check_digits("".join(rng.choices(ALNUM, k=18)))
        if rng.random() < 0.6:
            place = rng.randrange(20)
            code = code[:place] + rng.choice(ALNUM) + code[place + 1 :]
        if rng.random() < 0.1:
            code = code[: rng.randrange(20)]
        codes.append(code)
    # The oracle looks at the check digits only: not at the length, nor that the last two are digits.
    expected = [bool(oracle.is_valid(code)) and len(code) == 20 and code[-2:].isdigit() for code in codes]
    assert ask(lei.is_valid, codes) == expected
    assert 0.25 < sum(expected) / len(expected) < 0.75


@settings(deadline=None)
@given(bodies)
def test_what_the_maker_makes_is_valid(body):
    code = lei.with_check_digits(body)
    assert one(lei.is_valid, code) is True
    assert oracle.is_valid(code)


def same_kind(one_letter, other):
    return one_letter.isdigit() == other.isdigit()


@settings(deadline=None)
@given(bodies, st.integers(0, 17), st.sampled_from(ALNUM))
def test_one_wrong_character_of_the_same_kind_is_always_detected(body, place, other):
    code = lei.with_check_digits(body)
    if same_kind(code[place], other):
        changed = code[:place] + other + code[place + 1 :]
        assert one(lei.is_valid, changed) is (changed == code)


@settings(deadline=None)
@given(bodies, st.integers(0, 18))
def test_two_neighbours_of_the_same_kind_swapped_are_detected(body, place):
    code = lei.with_check_digits(body)
    if same_kind(code[place], code[place + 1]):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert one(lei.is_valid, swapped) is (swapped == code)


def test_a_letter_taken_for_a_digit_may_go_unseen(ask):
    """The control of the two above: what the method does not promise, it does not keep."""
    assert ask(lei.is_valid, ["XDRM0000000000000086", "XDR30000000000000086"]) == [True, True]
    assert oracle.is_valid("XDR30000000000000086")


@pytest.mark.parametrize("body", ["529900T8BM49AURSD", "529900t8bm49aursdo", "529900T8BM49AURSDÖ", ""])
def test_the_maker_refuses_what_is_no_beginning_of_an_lei(body):
    with pytest.raises(ValueError, match="an LEI begins with 18"):
        lei.with_check_digits(body)


def test_works_inside_lists_and_lazily():
    good, bad = "529900T8BM49AURSDO55", "529900T8BM49AURSDO56"
    frame = pl.LazyFrame({"buyers": [[good, bad], [], None]})
    answer = frame.select(pl.col("buyers").list.eval(lei.is_valid(pl.element()))).collect(engine="streaming")
    assert answer["buyers"].to_list() == [[True, False], [], None]
