"""One frozen Settings, from `regreport.toml` and the environment: who we are, what we owe, and where it goes.

Nothing is guessed: an unknown key, a role for a destination that is not there, an unknown time zone or calendar is a
ConfigurationError that names the place. Paths inside are relative to the workspace, so that it can be copied.
Environment variables `REGREPORT_<SECTION>__<KEY>` override single values (secrets never stand in the file).
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from regreport.errors import ConfigurationError

FILE = "regreport.toml"
Lei = Annotated[str, Field(pattern=r"^[A-Z0-9]{18}[0-9]{2}$")]
Jurisdiction = Literal["EU", "UK", "US", "APAC"]
ReportType = Literal["TRANSACTION", "POSITION", "COLLATERAL", "MARGIN"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Role(_Frozen):
    """What an entity does under a regime, from when to when (both days included)."""

    role: Literal["executing", "reporting_counterparty", "responsible", "submitting"]
    jurisdiction: Jurisdiction
    report_type: ReportType
    destination: str
    regime: str = ""
    """Empty: the default regime of the cell."""
    valid_from: date
    valid_to: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether the role is held on this date."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


class Entity(_Frozen):
    """One of our legal entities."""

    name: str
    lei: Lei
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    facts: dict[str, str] = Field(default_factory=dict)
    """Facts that eligibility and mapping need, e.g. kind = "BANK", investment_firm = "true"."""
    ids: dict[str, str] = Field(default_factory=dict)
    """Other identifiers: CAT IMID, CRD, CIK."""
    roles: tuple[Role, ...] = ()


class Destination(_Frozen):
    """Where a regime's files go: national authority, ARM, trade repository. The authority is not the recipient."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,40}$")]
    sender: str
    recipient: str
    file_name: str
    channel: str = "folder"
    options: dict[str, str] = Field(default_factory=dict)
    """Channel options: email host, port, sender; recipients by jurisdiction as `recipient.EU`."""
    zone: str
    calendar: str
    """`ECB`, `NYSE`, or a country code (`DE`), optionally with a subdivision (`DE-HE`)."""
    cut_off: time | None = None
    """Local time of the due day; empty: the regime's."""
    answer_hours: Annotated[int, Field(gt=0)] = 24
    """How long after delivery an answer is expected."""
    records_max: Annotated[int, Field(gt=0, le=500_000)] = 500_000
    size_max: int | None = None
    submitting_entity: str = ""
    link_allowed: bool = False

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}; use an IANA name such as Europe/Berlin") from error
        return value


class Approval(_Frozen):
    """What a second person has to approve before it leaves."""

    required: tuple[Literal["correction", "cancellation", "resend"], ...] = ("correction", "cancellation", "resend")
    """Kinds of submission; a resend after an unknown outcome always needs a second person."""

    @field_validator("required")
    @classmethod
    def _resends_always(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "resend" not in value:
            raise ValueError("approval.required cannot leave out resend: it may reach the authority twice")
        return value


class Retry(_Frozen):
    """When a destination that did not take a report for now is tried again."""

    first_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """After the first failure; doubled after each further one."""
    longest_seconds: Annotated[int, Field(ge=1, le=86_400)] = 3600
    margin_minutes: Annotated[int, Field(ge=0, le=10_080)] = 60
    """So long before the due time it stops and asks for a person."""


class Alerts(_Frozen):
    """Who is told of an alert."""

    webhook: str = ""
    """An https address (http on this machine only) that takes alerts as JSON."""
    mail: dict[str, str] = Field(default_factory=dict)
    """Options of the e-mail channel, with the addresses as `recipient.alerts`."""


class SigningOff(_Frozen):
    """Who gets a letter of each sign-off, so that what was signed is known outside of this house's own ledger."""

    mail_to: tuple[str, ...] = ()
    """Addresses; the mail server is that of `alerts.mail`."""


class Keys(_Frozen):
    """Encryption at rest: of what, and where the keyring is."""

    folder: str = "keys"
    """Of the keyring; relative to the workspace. Better outside of it: `REGREPORT_KEYRING` says so too, and wins."""
    encrypt: Literal["persons", "nothing"] = "persons"
    """`persons`: every stored object of a regime whose records hold persons. What is encrypted stays so."""


class Sealing(_Frozen):
    """How each day's events are sealed, and where the seals are given away to."""

    key: str = ""
    """File with the private key (PEM, readable by its owner alone); REGREPORT_SIGNING_KEY goes before it."""
    anchor: str = ""
    """Folder outside the workspace that gets a copy of every seal."""
    public_keys: tuple[str, ...] = ()
    """Public keys whose seals are trusted: hexadecimal digits, base64, or files."""


class Settings(BaseSettings):
    """The whole configuration of a workspace."""

    model_config = SettingsConfigDict(
        env_prefix="REGREPORT_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    entities: tuple[Entity, ...] = ()
    destinations: tuple[Destination, ...] = ()
    regimes: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Regime settings, e.g. [regimes.mifir] otc_scope = "L1_2024"."""
    database: str = "sqlite:///ledger.sqlite"
    """SQLAlchemy URL; a relative SQLite path is taken from the workspace."""
    approval: Approval = Approval()
    retry: Retry = Retry()
    alerts: Alerts = Alerts()
    sign_off: SigningOff = SigningOff()
    lease_seconds: Annotated[int, Field(ge=2, le=3600)] = 60
    """A process that has not renewed its lease for so long may be taken over."""
    keys: Keys = Keys()
    scratch: str = ".scratch"
    """Folder for what does not fit in memory, in plain while a command runs: private, and swept at the next start.
    Relative to the workspace; best on an encrypted disk or in memory."""
    seal: Sealing = Sealing()
    hold: Literal["record", "report"] = "record"
    public_url: str = ""
    retention_years: Annotated[int, Field(ge=5, le=100)] = 10

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment overrides the file (which arrives as keyword arguments)."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        names = [d.name for d in self.destinations]
        leis = [e.lei for e in self.entities]
        for what, values in (("destination", names), ("entity LEI", leis)):
            twice = sorted({v for v in values if values.count(v) > 1})
            if twice:
                raise ValueError(f"{what} given twice: {', '.join(twice)}")
        if self.sign_off.mail_to and not self.alerts.mail:
            raise ValueError("sign_off.mail_to needs a mail server: set host and sender in [alerts.mail]")
        for entity in self.entities:
            for role in entity.roles:
                if role.destination not in names:
                    raise ValueError(
                        f"entity {entity.name}: role for {role.jurisdiction} {role.report_type} names destination "
                        f"{role.destination!r}, which is not configured (there is: {', '.join(names) or 'none'})"
                    )
        return self

    def entity(self, lei: str) -> Entity:
        """The entity with this LEI. Raises ConfigurationError."""
        for entity in self.entities:
            if entity.lei == lei:
                return entity
        raise ConfigurationError(
            f"No entity {lei} in {FILE}; known: {', '.join(e.lei for e in self.entities) or 'none'}"
        )

    def destination(self, name: str) -> Destination:
        """The destination of this name. Raises ConfigurationError."""
        for destination in self.destinations:
            if destination.name == name:
                return destination
        raise ConfigurationError(
            f"No destination {name!r} in {FILE}; known: {', '.join(d.name for d in self.destinations)}"
        )


def load_settings(workspace: Path) -> tuple[Settings, str]:
    """Settings of a workspace and the SHA-256 of its `regreport.toml`.

    Raises ConfigurationError naming the file, the key and the remedy.
    """
    path = workspace / FILE
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(
            f"No {FILE} in {workspace}: this is not a workspace. Make one with: regreport init --from YOUR_FILE"
        ) from None
    return parse_settings(raw, str(path)), hashlib.sha256(raw).hexdigest()


def parse_settings(raw: bytes, name: str = FILE) -> Settings:
    """Settings from the bytes of a `regreport.toml`. Raises ConfigurationError."""
    try:
        values: dict[str, Any] = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name}: not valid TOML: {error}") from error
    try:
        return Settings(**values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(str(p) for p in e['loc']) or 'settings'}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"{name}: {faults}") from error
