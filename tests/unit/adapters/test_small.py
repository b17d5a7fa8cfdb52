"""Names, secrets, options, the letter's edges, clocks, and the exact text of instants and amounts."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect

from regreport.adapters.clock import SystemClock
from regreport.adapters.letter import compose, message_id, wire
from regreport.adapters.names import name_fault, safe_path
from regreport.adapters.secret import read_secret
from regreport.adapters.smtp import EmailChannel
from regreport.adapters.sql.types import Amounts, Day, Instant, instant_text
from regreport.errors import ConfigurationError, DeliveryRefused, MissingExtra
from regreport.ports import Parcel
from regreport.testing import FixedClock

NO_DIALECT = cast(Dialect, None)


@pytest.mark.parametrize(
    "name", ["a.xml", "R_1.xml.gz", "réponse 2026.xml", "a:b.xml", "$(id)`x`", "x" * 240, "a-b", "CONSOLE"]
)
def test_ordinary_names_are_safe(name: str) -> None:
    assert name_fault(name) == ""


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "a\tb", "\u202eabc", "-rf", "~x", " a", "a ", "a.", "con.txt", "é" * 121]
)
def test_names_that_could_hide_something_are_not(name: str) -> None:
    assert name_fault(name)


@given(st.text(max_size=30))
def test_a_safe_path_never_leaves_its_folder(path: str) -> None:
    try:
        parts = safe_path(path, "a test")
    except Exception:
        return
    joined = Path("/base").joinpath(*parts)
    assert joined.resolve().is_relative_to("/base")
    assert len(joined.parts) == 2 + len(parts)


def test_secrets_come_by_reference_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "hunter2")
    assert read_secret("env:SOME_SECRET") == "hunter2"
    path = tmp_path / "secret"
    path.write_text("hunter3\n")
    path.chmod(0o600)
    assert read_secret(f"file:{path}") == "hunter3"
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="can be read by others") as caught:
        read_secret(f"file:{path}")
    assert "hunter" not in str(caught.value)
    for wrong in ("hunter2", "env:", "env:NOT_SET_ANYWHERE", f"file:{tmp_path}/none", "vault:x"):
        with pytest.raises(ConfigurationError) as caught:
            read_secret(wrong)
        assert "hunter" not in str(caught.value)


def test_an_email_channel_opens_from_options(tmp_path: Path) -> None:
    options = {"host": "mail.example", "sender": "r@firm.example", "recipient.EU": "a@x.example b@x.example"}
    channel = EmailChannel.open("AFM", options, tmp_path)
    assert (channel.port, channel.tls) == (587, "starttls")
    assert channel.recipients("EU") == ("a@x.example", "b@x.example")
    assert EmailChannel.open("AFM", options | {"tls": "tls"}, tmp_path).port == 465
    for change, words in [
        ({"host": ""}, "needs the option 'host'"),
        ({"hots": "x"}, "no option hots"),
        ({"port": "x"}, "'port'"),
        ({"tls": "maybe"}, "tls is 'maybe'"),
        ({"tls": "none"}, "in the clear"),
        ({"user": "u"}, "go together"),
        ({"recipient.EU": "a@x.example,b@x.example"}, "one plain e-mail address"),
        ({"timeout_seconds": "0"}, "more than 0"),
        ({"ca_file": "none.pem"}, "certificate file"),
    ]:
        with pytest.raises(ConfigurationError, match=words):
            EmailChannel.open("AFM", options | change, tmp_path)


def parcel(tmp_path: Path, **change: object) -> Parcel:
    """A parcel with long names."""
    (tmp_path / "object").write_bytes(b"x")
    facts: dict[str, object] = {
        "report_id": "EU-TRANSACTION-MIFIR-2026-11-23-" + "A" * 140 + "-1",
        "file_name": "é" * 100 + ".xml",
        "content": tmp_path / "object",
        "size": 1,
        "digest": hashlib.sha256(b"x").hexdigest(),
        "records": 1,
        "jurisdiction": "EU",
        "report_type": "TRANSACTION",
        "regime": "mifir",
        "report_date": date(2026, 11, 23),
        "recipient": "AFM",
        "attach": True,
    }
    return Parcel(**(facts | change))  # type: ignore[arg-type]


def test_long_and_foreign_values_survive_the_folding(tmp_path: Path) -> None:
    sender = "reports@" + "long-domain." * 8 + "example"
    carried = parcel(tmp_path, regime="r" * 2000)
    letter = message_from_bytes(wire(compose(carried, sender, ["a@x.example"], FixedClock().now())), policy=default)
    assert carried.report_id in str(letter["Subject"]).replace(" ", "")
    assert letter["Message-ID"] == message_id(carried, sender)
    attachment = next(letter.iter_attachments())  # type: ignore[attr-defined]
    assert attachment.get_filename() == carried.file_name
    assert "r" * 2000 in letter.get_body(["plain"]).get_content()  # type: ignore[attr-defined]


def test_a_line_that_smtp_cannot_carry_is_refused() -> None:
    letter = EmailMessage()
    letter.set_payload("x" * 1200)
    with pytest.raises(DeliveryRefused, match="SMTP cannot carry"):
        wire(letter)


def test_instants_days_and_amounts_are_exact() -> None:
    local = datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=2)))
    assert instant_text(local) == "2026-11-22T23:02:03.000004Z"
    assert Instant().process_result_value("2026-11-22T23:02:03.000004Z", NO_DIALECT) == local
    assert (
        len(instant_text(datetime(1, 1, 1, tzinfo=UTC))) == len(instant_text(datetime(9999, 12, 31, tzinfo=UTC))) == 27
    )
    with pytest.raises(ValueError, match="no time zone"):
        instant_text(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="is an instant"):
        Day().process_bind_param(local, NO_DIALECT)
    assert (
        Amounts().process_bind_param({"USD": Decimal("0.10"), "EUR": Decimal(1)}, NO_DIALECT)
        == '{"EUR":"1","USD":"0.10"}'
    )


@given(st.lists(st.datetimes(timezones=st.just(UTC)), max_size=9))
def test_instants_sort_as_text(instants: list[datetime]) -> None:
    assert sorted(instants, key=instant_text) == sorted(instants)


def test_clocks_are_aware_and_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5))), timedelta(seconds=1))
    assert [clock.now().isoformat() for _ in range(2)] == ["2025-12-31T19:00:00+00:00", "2025-12-31T19:00:01+00:00"]


def test_a_missing_driver_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    from regreport.adapters.sql import database

    def absent(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'pymysql'")

    monkeypatch.setattr(database, "create_engine", absent)
    with pytest.raises(MissingExtra, match=r"pip install 'regreport\[mysql\]'"):
        database.open_database("mysql+pymysql://u@h/x")
