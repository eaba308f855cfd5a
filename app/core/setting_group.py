"""Base class of all groups of settings, and types that they share."""

from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

T = TypeVar("T")


class Environment(StrEnum):
    """Environment that the process runs in."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _split(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _empty_is_unset(value: object) -> object:
    return None if value == "" else value


CommaSeparated = Annotated[list[T], NoDecode, BeforeValidator(_split)]
"""List whose items are separated by commas."""
AnyCase = Annotated[T, BeforeValidator(_lower)]
"""Enum whose values are accepted in any case."""
EmptyIsUnset = Annotated[T | None, BeforeValidator(_empty_is_unset)]
"""Setting that is None if its variable is empty."""


class SettingGroup(BaseSettings):
    """Settings of one part of the service, read from the environment and `.env`."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # Windows editors write a byte order mark
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    # This field is in the base class, so that the validators of all groups can read it.
    environment: AnyCase[Environment] = Field(
        Environment.DEVELOPMENT, description="`development`, or `production` with more checks."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        # `docker run --env-file` keeps quotes, and the carriage returns of Windows files.
        text = value.strip()
        quote = text[:1]
        quoted = quote in ("'", '"') and len(text) > 1 and text.find(quote, 1) == len(text) - 1
        return text[1:-1] if quoted else text


def in_production(info: ValidationInfo) -> bool:
    """Return True if the settings that are being validated are those of production."""
    return info.data.get("environment") is Environment.PRODUCTION
