"""A node's settings: ``estran.toml`` in its folder, environment variables over it, read once."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "estran.toml"


class Storage(BaseModel):
    """Where the node keeps its state."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = Field(
        default="sqlite:///estran.db",
        description="Database URL; a relative SQLite path starts at the node's folder.",
    )


class Web(BaseModel):
    """What the web server allows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page_limit: int = Field(default=1000, ge=1, le=10_000, description="Most records on one page of an API.")
    request_bytes: int = Field(default=1_048_576, ge=1024, description="Longest request body in bytes.")


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
