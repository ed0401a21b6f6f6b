"""A node's settings: ``estran.toml`` in its folder, environment variables over it, read once."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from estran.errors import Conflict, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILE = "estran.toml"
_TABLE = re.compile(r"\s*\[\s*(.*?)\s*\]\s*(#.*)?$")
_PRIVATE, _MODE = 0o600, 0o777


class Storage(BaseModel):
    """Where the node keeps its state."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = Field(
        default="sqlite:///estran.db",
        description="Database URL; a relative SQLite path starts at the node's folder.",
    )
    observations: str = Field(
        default="observations",
        min_length=1,
        description="Folder of the files of observations, from the node's folder, or an address such as s3://bucket/path.",
    )


class Orders(BaseModel):
    """How data are delivered that are too large for one answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: str = Field(
        default="deliveries",
        min_length=1,
        description="Folder of the files that wait to be fetched, from the node's folder.",
    )
    days: float = Field(default=7.0, gt=0, le=366, description="How long they wait.")
    ask: dict[str, list[Literal["status", "organisation", "usage", "description", "contact"]]] = Field(
        default_factory=dict[str, list[Literal["status", "organisation", "usage", "description", "contact"]]],
        description="What whoever orders is asked: id of a record or of a centre, or “*” for all, then the questions.",
    )


class Web(BaseModel):
    """What the web server allows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page_limit: int = Field(default=1000, ge=1, le=10_000, description="Most records on one page of an API.")
    request_bytes: int = Field(default=1_048_576, ge=1024, description="Longest request body in bytes.")


class Publish(BaseModel):
    """Where new observations are told by MQTT."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    broker: str = Field(
        default="",
        pattern=r"^(mqtts?://[^\s/]+)?$",
        description="Address of the broker, such as mqtts://estran@broker.example; empty: nothing is told.",
    )
    password: SecretStr = Field(default=SecretStr(""), description="Of the user that the address names.")
    authorities: str = Field(
        default="", description="File of the certificates that are trusted; empty: those of the machine."
    )


class Harvest(BaseModel):
    """How other catalogues are read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow_private: bool = Field(
        default=False, description="Whether sources may stand at loopback, private and link-local addresses."
    )
    per_second: float = Field(
        default=5.0, gt=0, le=1000, description="Most requests to one host in a second."
    )
    timeout: float = Field(default=30.0, gt=0, le=3600, description="Longest silence of a server in seconds.")
    agent: str = Field(
        default="Estran",
        pattern=r"^[!-~]([ -~]{0,198}[!-~])?$",
        description="What harvests call themselves; an address where to complain belongs behind it.",
    )
    robots: bool = Field(default=True, description="Whether the robots.txt of sources is obeyed.")


class LinkChecks(BaseModel):
    """How the addresses that records lead to are checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    active: bool = Field(default=False, description="Whether workers check links by themselves.")
    schedule: str = Field(
        default="30 2 * * *",
        pattern=r"^\s*[-*/,0-9A-Za-z?#]+(\s+[-*/,0-9A-Za-z?#]+){4}\s*$",
        description="When, as cron has it, in UTC.",
    )
    per_host: float = Field(default=1.0, gt=0, le=1000, description="Most requests to one host in a second.")
    days: float = Field(
        default=30.0, ge=1, le=366, description="After how many days an address that works is asked again."
    )
    timeout: float = Field(default=15.0, gt=0, le=3600, description="Longest silence of a server in seconds.")
    allow_private: bool = Field(
        default=False,
        description="Whether links to loopback, private and link-local addresses are checked.",
    )


class Observations(BaseModel):
    """How observations are kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settle_rows: int = Field(
        default=1_000_000,
        ge=0,
        description="How many rows the database holds before workers move them into files; 0 for never by themselves.",
    )


class Feeds(BaseModel):
    """How feeds of observations are heard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passwords: dict[str, SecretStr] = Field(
        default_factory=dict[str, SecretStr],
        description="Of the users that the addresses of brokers name: name of the feed, then the password.",
    )
    authorities: str = Field(
        default="",
        description="File of the certificates that are trusted for brokers; empty for those of the machine.",
    )


class Settings(BaseSettings):
    """All settings of a node, frozen."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="ESTRAN_", env_nested_delimiter="__", validate_default=True
    )

    name: str = Field(
        default="Estran", min_length=1, max_length=200, description="Name of the node, shown on every page."
    )
    url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]+(/[^\s]*[^\s/])?)?$",
        description="Public address without a slash at its end; empty: the address of each request.",
    )
    email: str = Field(
        default="",
        max_length=200,
        pattern=r"^([^\s@<>]+@([^\s@<>.]+\.)+[^\s@<>.]+)?$",
        description="Address where harvesters reach the operator, shown by OAI-PMH.",
    )
    centre: str = Field(
        default="",
        pattern=r"^[a-z0-9-]{0,80}$",
        description="Id of the node's own centre: records that no rule gives to another belong to it.",
    )
    language: Literal["fr", "en"] = Field(
        default="fr", description="Language shown where a browser asks for none that Estran speaks."
    )
    storage: Storage = Storage()
    web: Web = Web()
    observations: Observations = Observations()
    feeds: Feeds = Feeds()
    orders: Orders = Orders()
    publish: Publish = Publish()
    harvest: Harvest = Harvest()
    links: LinkChecks = LinkChecks()

    def listening(self) -> dict[str, Any]:
        """How brokers are heard: the passwords of feeds, and whose certificates are trusted."""
        held = self.feeds
        passwords = {name: one.get_secret_value() for name, one in held.passwords.items()}
        return {"passwords": passwords, "authorities": held.authorities}

    def fetching(self) -> dict[str, Any]:
        """What fetching may do, in the words of its policy."""
        held = self.harvest
        return {
            "private": held.allow_private, "per_second": held.per_second, "timeout_s": held.timeout,
            "agent": held.agent, "robots": held.robots,
        }  # fmt: skip

    def checking(self) -> dict[str, Any]:
        """What checking links may do: the words of fetching's policy, and "days"."""
        held = self.links
        return {
            "private": held.allow_private, "per_second": held.per_host, "timeout_s": held.timeout,
            "whole_s": 4 * held.timeout, "attempts": 1, "agent": self.harvest.agent,
            "robots": self.harvest.robots, "days": held.days,
        }  # fmt: skip

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Given values first, then the environment, then the file (`read` names it)."""
        del dotenv_settings, file_secret_settings
        path = settings_cls.model_config.get("toml_file")
        return (init_settings, env_settings, *([TomlConfigSettingsSource(settings_cls)] if path else []))


def read(folder: Path, **given: Any) -> Settings:
    """The settings of the node in `folder`.

    Raises:
        Invalid: a key is misspelt or a value does not fit; the message names it.
    """
    file = folder / FILE

    class _Here(Settings):
        model_config = SettingsConfigDict(toml_file=file if file.is_file() else None)

    try:
        held = _Here(**given)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"it is not TOML: {error}", str(file)) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(name for name, *_ in listed())
        advice = f"; the settings are {known}" if first["type"] == "extra_forbidden" else ""
        raise Invalid(f"setting “{key}”: {first['msg']}{advice}", str(file)) from None
    return held


def listed(settings: Settings | None = None) -> Iterator[tuple[str, str, Any, str]]:
    """Every setting: (dotted key, environment variable, value, what it means)."""

    def walk(model: type[BaseModel], held: Any, prefix: str) -> Iterator[tuple[str, str, Any, str]]:
        for name, field in model.model_fields.items():
            value = getattr(held, name)
            if isinstance(value, BaseModel):
                yield from walk(type(value), value, f"{prefix}{name}.")
            else:
                key = f"{prefix}{name}"
                yield key, f"ESTRAN_{key.replace('.', '__').upper()}", value, field.description or ""

    yield from walk(Settings, settings or Settings.model_construct(), "")


def with_database(folder: Path, database: str, held: str, *, private: bool) -> Callable[[], None]:
    """What names another database in the settings file, whose other lines stay as they are.

    Args:
        folder: of the node.
        database: URL to write.
        held: URL that the node uses now.
        private: a secret stands in the URL, so that nobody else may read the file.

    Raises:
        Conflict: something else than the file decides about the database, or the file is too unusual.
    """
    file = folder / FILE
    before = file.read_text("utf-8") if file.is_file() else ""
    said = tomllib.loads(before)
    if said.get("storage", {}).get("database", Storage().database) != held:
        raise Conflict(
            f"it is not {file} that names the node's database, but ESTRAN_STORAGE__DATABASE or whoever opened "
            "the node; migrate without switching, and change it there"
        )
    after = _named(before, database)
    if _parsed(after) != {**said, "storage": {**said.get("storage", {}), "database": database}}:
        raise Conflict(
            f"{file} is written in a way that cannot be changed safely; migrate without switching, and set "
            "“database” in its table “storage” by hand"
        )

    def change() -> None:
        mode = file.stat().st_mode & _MODE if file.is_file() else None
        with NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=f".{FILE}-", delete=False) as made:
            made.write(after)
        Path(made.name).chmod(_PRIVATE if private or mode is None else mode)
        Path(made.name).replace(file)

    return change


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _named(text: str, database: str) -> str:
    """The settings file with its line of the database changed, or with one more line."""
    value, lines, table = json.dumps(database, ensure_ascii=False), text.splitlines(), ""
    for n, line in enumerate(lines):
        if found := _TABLE.match(line):
            table = found[1]
        elif re.match(r"\s*database\s*=" if table == "storage" else r"\s*storage\s*\.\s*database\s*=", line):
            lines[n] = f"{line.partition('=')[0]}= {value}"
            return "\n".join([*lines, ""])
    start = next(
        (n for n, line in enumerate(lines, 1) if (f := _TABLE.match(line)) and f[1] == "storage"), None
    )
    if start is None:
        lines += ["", "[storage]"]
        start = len(lines)
    return "\n".join([*lines[:start], f"database = {value}", *lines[start:], ""])
