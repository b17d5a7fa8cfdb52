"""regreport.toml: what is refused, and that the refusal names the place."""

from __future__ import annotations

import pytest

from regreport.errors import ConfigurationError
from regreport.settings import Settings, parse_settings

VALID = """
[[entities]]
name = "House"
lei = "529900T8BM49AURSDO55"
country = "DE"

[[entities.roles]]
role = "executing"
jurisdiction = "EU"
report_type = "TRANSACTION"
destination = "authority"
valid_from = 2018-01-03

[[destinations]]
name = "authority"
sender = "YY"
recipient = "XX"
file_name = "{sender}_DATTRA_{recipient}_{sequence:06d}-{version}-{previous:06d}_{year:02d}.xml"
zone = "Europe/Berlin"
calendar = "ECB"
"""


def settings(*changes: tuple[str, str]) -> Settings:
    text = VALID
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_settings(text.encode())


def test_a_valid_file_is_read() -> None:
    assert settings().entity("529900T8BM49AURSDO55").roles[0].destination == "authority"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('destination = "authority"', 'destination = "elsewhere"'), "'elsewhere', which is not configured"),
        (('zone = "Europe/Berlin"', 'zone = "Europe/Bonn"'), "unknown time zone 'Europe/Bonn'"),
        (('lei = "529900T8BM49AURSDO55"', 'lei = "529900"'), "entities.0.lei"),
        (('country = "DE"', 'country = ""'), "entities.0.country"),
        (('jurisdiction = "EU"', 'jurisdiction = "MARS"'), "jurisdiction"),
        (('sender = "YY"', 'sendr = "YY"'), "sendr"),
        (("valid_from = 2018-01-03", "valid_from = 2018-02-30"), "not valid TOML"),
        (('calendar = "ECB"', 'calendar = "ECB"\nrecords_max = 600000'), "records_max"),
    ],
)
def test_a_fault_is_named(change: tuple[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named.replace("(", r"\(")):
        settings(change)


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGREPORT_DATABASE", "sqlite:///other.sqlite")
    monkeypatch.setenv("REGREPORT_WORKSPACE", "/somewhere")  # another variable of ours is no setting
    assert settings().database == "sqlite:///other.sqlite"
