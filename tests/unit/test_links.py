"""Signed links: good for seven days, and only as they were made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regreport.errors import BadInput, ConfigurationError
from regreport.links import LIFETIME, open_link, sign

KEY = b"k" * 32
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ADDRESS = sign("https://reports.example/", KEY, "d" * 64, "YY_1.xml", NOW)
TOKEN = ADDRESS.rpartition("/")[2]


def test_a_link_leads_to_its_file() -> None:
    assert ADDRESS.startswith("https://reports.example/files/")
    link = open_link(TOKEN, KEY, NOW)
    assert (link.digest, link.file_name, link.expires_at) == ("d" * 64, "YY_1.xml", NOW + LIFETIME)


def test_it_is_good_for_seven_days_and_no_longer() -> None:
    open_link(TOKEN, KEY, NOW + timedelta(days=7, seconds=-1))
    with pytest.raises(BadInput, match="good until 2026-12-01 08:00"):
        open_link(TOKEN, KEY, NOW + timedelta(days=7))


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCxyz019-_.~"))
def test_a_changed_character_is_refused(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    if changed == TOKEN:
        return
    try:
        link = open_link(changed, KEY, NOW)
    except BadInput:
        return
    # The last character of base64 holds bits that carry nothing: the same bytes may be written in two ways.
    assert link == open_link(TOKEN, KEY, NOW)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(BadInput, match="not made here"):
        open_link(TOKEN, b"j" * 32, NOW)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 32 bytes"):
        sign("https://reports.example", b"short", "d" * 64, "YY_1.xml", NOW)


def test_without_a_key_no_link_is_opened() -> None:
    import base64
    import hashlib
    import hmac

    head, body = TOKEN.partition(".")[0], base64.urlsafe_b64decode(TOKEN.partition(".")[0] + "==")
    forged = hmac.new(b"", b"regreport link v1\0" + body, hashlib.sha256).digest()
    with pytest.raises(ConfigurationError, match="at least 32 bytes"):
        open_link(f"{head}.{base64.urlsafe_b64encode(forged).rstrip(b'=').decode()}", b"", NOW)
