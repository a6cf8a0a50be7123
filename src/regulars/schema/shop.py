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


class SurfaceSettings(BaseModel):
    """A place of the shop that shows lists: one of its own, or a built-in one of the same name with other defaults.

    What isn't said is as on the surface that it is `like`.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    like: str = Field(default="home", max_length=40, description="The built-in surface that it takes its ways from.")
    purpose: str = Field(default="", max_length=200, description="What it is for, as the console shows it.")
    sources: list[Annotated[str, Field(max_length=40)]] | None = Field(
        default=None, max_length=20, description="Only what one of these sources proposes; all where none is named."
    )
    category: Annotated[str, Field(max_length=512)] | None = Field(default=None, description="Only from this category.")
    diversity: float | None = Field(default=None, ge=0, le=1, description="0: the best; 1: as different as can be.")
    explores: bool | None = Field(default=None, description="Whether places may be drawn at random.")
    hides_seen: bool | None = Field(default=None, description="Whether what was looked at lately is left out.")
    hides_bought: bool | None = Field(default=None, description="Whether what was bought is left out.")
    varied: bool | None = Field(default=None, description="Whether half of a list at most is of one kind.")


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
    exposure_floor: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="The share of those places that goes to products and small brands that were hardly shown yet.",
    )
    diversity: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="How different the products of a list are: 0 the best, 1 as different as can be.",
    )
    tiredness: float = Field(
        default=0.3,
        ge=0,
        le=5,
        description="How far a product sinks for a person who was shown it often and never followed it; 0 not at all.",
    )
    long_term: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="What a list is for: 0 today's click, 1 that the person comes back within 28 days.",
    )
    surfaces: list[SurfaceSettings] = Field(
        default_factory=list,
        max_length=50,
        description="Places of the shop's own that show lists, or other defaults of the built-in ones.",
    )
    synonyms: list[list[Annotated[str, Field(min_length=1, max_length=80)]]] = Field(
        default_factory=list,
        max_length=2_000,
        description='Words that shoppers use for the same thing, a list a group: [["couch", "sofa"]].',
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
