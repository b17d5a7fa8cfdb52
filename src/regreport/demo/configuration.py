"""The demo group's `regreport.toml`: three entities, what each owes, and the three authorities it sends to."""

from __future__ import annotations

from typing import Final

from regreport.demo.group import HOUSES, House

_AUTHORITIES: Final = {
    "authority-de": ("DE", "Europe/Berlin"),
    "authority-se": ("SE", "Europe/Stockholm"),
    "authority-ie": ("IE", "Europe/Dublin"),
}
FILE_NAME: Final = "{sender}_DATTRA_{recipient}_{sequence:06d}-{version}-{previous:06d}_{year:02d}"
"""The form that several authorities use between them and firms; the stem is the business message identifier too."""


def settings_toml() -> str:
    """The text of the demo's `regreport.toml`."""
    head = "# The made-up group Meridian Quay: what it is, what it owes, and where its files go.\n"
    return head + "\n".join([_regime(), *(_destination(h) for h in HOUSES), *(_entity(h) for h in HOUSES)])


def _regime() -> str:
    return """
[regimes.mifir]
otc_scope = "L1_2024"
"""


def _destination(house: House) -> str:
    country, zone = _AUTHORITIES[house.destination]
    return f"""[[destinations]]
name = "{house.destination}"
sender = "{house.code}"
recipient = "{country}"
file_name = "{FILE_NAME}.xml"
channel = "folder"
zone = "{zone}"
calendar = "{country}"
"""


def _entity(house: House) -> str:
    return f"""[[entities]]
name = "{house.name}"
lei = "{house.lei}"
country = "{house.country}"
facts = {{ kind = "{house.kind}", investment_firm = "true" }}

[[entities.roles]]
role = "executing"
jurisdiction = "EU"
report_type = "TRANSACTION"
regime = "mifir"
destination = "{house.destination}"
valid_from = 2018-01-03
"""
