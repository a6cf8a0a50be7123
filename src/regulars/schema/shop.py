"""What the shop says of itself. A row in the database; `regulars.toml` only says how to start."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from regulars.schema.identity import ExternalIdField
from regulars.schema.money import checked_currency
from regulars.schema.text import Title


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} isn't a time zone; use a name such as Europe/London or Asia/Shanghai") from None
    return value


class ShopSettings(BaseModel):
    """The settings that surfaces read at every request."""

    model_config = ConfigDict(extra="forbid")

    name: Title = "My shop"
    currency: Annotated[str, AfterValidator(checked_currency)] = "EUR"
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    locales: list[Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]] = Field(
        default_factory=lambda: ["en", "zh"], min_length=1, max_length=20
    )
    exploration_slots: int = Field(
        default=1, ge=0, le=5, description="How many places at the end of a list of 8 or more are drawn at random."
    )
    repeatable_categories: list[str] = Field(
        default_factory=list,
        description="Categories whose bought products may come back on discovery surfaces (coffee, cat food).",
    )
    excluded_products: list[ExternalIdField] = Field(
        default_factory=list, max_length=10_000, description="Products that are never recommended."
    )
    picture_hosts: list[str] = Field(
        default_factory=list, max_length=100, description="Hosts with private addresses that pictures may come from."
    )
    allowed_origins: list[str] = Field(
        default_factory=lambda: ["*"], description="Web origins that may call the API from a browser."
    )

    demo_orders: bool = Field(
        default=False,
        description="Whether the storefront's checkout may write paid demo orders into the shop's records. The demo's may.",
    )

    def stored(self) -> dict[str, Any]:
        return self.model_dump(mode="json")
