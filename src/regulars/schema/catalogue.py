"""Products and their variants. Text is per locale; money is minor units; stock None means "not counted"."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from regulars.schema.identity import ExternalIdField
from regulars.schema.moments import Moment
from regulars.schema.money import checked_currency
from regulars.schema.text import IdText, LongText, Plain, ShortText, Title

Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Currency = Annotated[str, AfterValidator(checked_currency)]
Scalar = Plain | int | float | bool | None


def _amount(value: Any) -> Any:
    """Amounts are kept as text until the currency is known, so that no float touches them."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError("an amount is a number or a text such as 19.99")
    return str(value)


Amount = Annotated[str | None, BeforeValidator(_amount)]


def _localised(value: Any) -> Any:
    """`"Mug"` is a text in the shop's first locale (key ""), `{"en": "Mug", "zh": "马克杯"}` one per locale."""
    if value is None:
        return {}
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return {"": str(value)}
    return value


def _path(value: Any) -> Any:
    """`"Home > Kitchen"` and `["Home", "Kitchen"]` are the same category path."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(">") if part.strip()]
    return value


LocalisedTitle = Annotated[dict[Plain, Title], BeforeValidator(_localised)]
LocalisedText = Annotated[dict[Plain, LongText], BeforeValidator(_localised)]


class Picture(BaseModel):
    """A picture by address; `alt` says what is on it."""

    model_config = ConfigDict(extra="forbid")
    url: Annotated[Plain, Field(max_length=4_000)]
    alt: ShortText = ""


def _pictures(value: Any) -> Any:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [{"url": value}]
    if isinstance(value, list):
        return [{"url": item} if isinstance(item, str) else item for item in value]
    return value


Pictures = Annotated[list[Picture], BeforeValidator(_pictures), Field(max_length=250)]


class Variant(BaseModel):
    """What is put in a basket: one size, one colour, one price, one stock."""

    model_config = ConfigDict(extra="forbid")

    id: ExternalIdField | None = Field(default=None, description="Its id; the SKU where none is given.")
    sku: ShortText | None = None
    options: dict[Plain, ShortText] = Field(default_factory=dict, description='e.g. {"size": "M", "colour": "blue"}')
    price: Amount = Field(default=None, description="In major units: 19.99")
    compare_at_price: Amount = Field(default=None, description="The price before, if it is reduced.")
    cost: Amount = Field(
        default=None, description="What the shop itself pays for one. Rules read it; no shopper sees it."
    )
    currency: Currency | None = Field(default=None, description="The shop's own where none is given.")
    stock: int | None = Field(default=None, ge=-(2**31), lt=2**31, description="None: not counted, always available.")
    pictures: Pictures = Field(default_factory=list)


class Product(BaseModel):
    """One product as the shop describes it. Price, stock and SKU may stand on the product if it has one variant."""

    model_config = ConfigDict(extra="forbid")

    id: ExternalIdField
    also_known_as: list[ExternalIdField] = Field(
        default_factory=list, max_length=50, description="Ids in other systems."
    )
    title: LocalisedTitle
    description: LocalisedText = Field(default_factory=dict)
    brand: ShortText | None = None
    category: Annotated[list[ShortText], BeforeValidator(_path), Field(max_length=12)] = Field(
        default_factory=list, description='A path from wide to narrow: ["Home", "Kitchen"] or "Home > Kitchen".'
    )
    attributes: dict[Plain, Scalar | list[Scalar]] = Field(default_factory=dict, max_length=500)
    pictures: Pictures = Field(default_factory=list)
    url: Annotated[Plain, Field(max_length=4_000)] | None = None
    status: Literal["active", "draft", "archived"] = "active"
    created_at: Moment | None = None
    price: Amount = None
    compare_at_price: Amount = None
    cost: Amount = None
    currency: Currency | None = None
    stock: int | None = Field(default=None, ge=-(2**31), lt=2**31)
    sku: IdText | None = None
    variants: list[Variant] = Field(default_factory=list, max_length=2_000)

    @model_validator(mode="after")
    def _has_title(self) -> Product:
        if not any(text.strip() for text in self.title.values()):
            raise ValueError("title: a product needs a title")
        return self

    def all_variants(self) -> list[Variant]:
        """Its variants, or the single one that the product's own price, stock and SKU describe."""
        if self.variants:
            return self.variants
        return [
            Variant(
                sku=self.sku,
                price=self.price,
                compare_at_price=self.compare_at_price,
                cost=self.cost,
                currency=self.currency,
                stock=self.stock,
            )
        ]
