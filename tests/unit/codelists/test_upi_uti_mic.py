"""UPI, UTI and MIC: known codes, mutated codes, and the shapes around them."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from regreport.codelists import lei, mic, upi, uti

PUBLISHED = ["QZ3HXD0QWPVZ", "QZ17F5PN51JM", "QZXQ4R16245X", "QZH55DK310GD"]
GOOD_LEI = "529900T8BM49AURSDO55"


def one(check, value):
    return pl.DataFrame({"value": [value]}).select(check("value")).item()


def test_published_upis_are_valid(ask):
    assert ask(upi.is_valid, [*PUBLISHED, None]) == [True, True, True, True, None]


def test_every_other_check_character_is_wrong(ask):
    for code in PUBLISHED:
        others = [code[:-1] + letter for letter in upi.ALPHABET if letter != code[-1]]
        assert ask(upi.is_valid, others) == [False] * 29


def test_upis_that_only_look_right_are_invalid(ask, spoilt):
    ways = spoilt("QZ17F5PN51JM")
    verdicts = dict(zip(ways, ask(upi.is_valid, ways.values()), strict=True))
    assert not any(verdicts.values()), verdicts
    assert ask(upi.is_valid, ["QA17F5PN51JM", "QZA7F5PN51JM", "QZY7F5PN51JM"]) == [False] * 3


@settings(deadline=None)
@given(st.text(alphabet=upi.ALPHABET, min_size=9, max_size=9))
def test_made_upis_are_valid_and_agree_with_the_general_hybrid_system(body):
    code = upi.with_check_digit(body)
    assert one(upi.is_valid, code) is True
    assert mod_37_36.checksum(code, alphabet=upi.ALPHABET) == 1


@settings(deadline=None)
@given(st.text(alphabet=upi.ALPHABET, min_size=9, max_size=9), st.integers(2, 11), st.sampled_from(upi.ALPHABET))
def test_one_wrong_character_of_a_upi_is_always_detected(body, place, other):
    code = upi.with_check_digit(body)
    changed = code[:place] + other + code[place + 1 :]
    assert one(upi.is_valid, changed) is (changed == code)


@pytest.mark.parametrize("body", ["3HXD0QWP", "3HXD0QWPA", "3hxd0qwpv"])
def test_the_maker_refuses_what_is_no_body_of_a_upi(body):
    with pytest.raises(ValueError, match="a UPI has 9 characters"):
        upi.with_check_digit(body)


def test_a_uti_is_an_lei_and_up_to_32_more(ask):
    lengths = [GOOD_LEI + "A" * count for count in (0, 1, 32, 33)]
    assert ask(uti.is_valid, [*lengths, None]) == [True, True, True, False, None]


def test_a_uti_whose_lei_has_wrong_check_digits_is_invalid(ask):
    wrong = GOOD_LEI[:-1] + "6" + "TRADE1"
    assert ask(uti.well_formed, [wrong]) == [True]
    assert ask(uti.is_valid, [wrong, GOOD_LEI + "trade1", GOOD_LEI + "TRADE-1", "TRADE1"]) == [False] * 4


@settings(deadline=None)
@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", max_size=32))
def test_any_tail_of_capitals_and_digits_makes_a_uti(tail):
    code = lei.with_check_digits("MP6I5ZYZBEU3UXPYFY") + tail
    assert one(uti.is_valid, code) is True
    assert pl.DataFrame({"uti": [code]}).select(uti.generating_entity("uti")).item() == code[:20]


def test_utis_that_only_look_right_are_invalid(ask, spoilt):
    ways = spoilt(GOOD_LEI + "TRADE0001")
    del ways["one character short"], ways["twice"]  # a UTI has no length and no check digits of its own
    verdicts = dict(zip(ways, ask(uti.is_valid, ways.values()), strict=True))
    assert not any(verdicts.values()), verdicts


def test_the_shape_of_a_mic(ask, spoilt):
    assert ask(mic.is_valid, ["XPAR", "XOFF", "360T", None]) == [True, True, True, None]
    ways = spoilt("XPAR")
    verdicts = dict(zip(ways, ask(mic.is_valid, ways.values()), strict=True))
    assert not any(verdicts.values()), verdicts


def test_stand_ins_are_not_venues(ask):
    assert ask(mic.is_stand_in, ["XOFF", "XXXX", "SINT", "XPAR", None]) == [True, True, True, False, None]


def test_membership_is_of_the_list_that_is_given(ask):
    listed = pl.Series(["XPAR", "XLON"])
    assert ask(lambda value: mic.is_listed(value, listed), ["XPAR", "XETR", None]) == [True, False, None]
    assert ask(lambda value: mic.is_listed(value, ["XETR"]), ["XPAR", "XETR"]) == [False, True]
    assert ask(lambda value: mic.is_listed(value, []), ["XPAR"]) == [False]
