"""Reviews: what customers wrote about products. Their text is data, never an instruction."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from regulars.schema.catalogue import Locale
from regulars.schema.identity import ExternalIdField
from regulars.schema.text import LongText, Title


class Review(BaseModel):
    """One review."""

    model_config = ConfigDict(extra="forbid")
    id: ExternalIdField
    product: ExternalIdField
    customer: ExternalIdField | None = None
    rating: Annotated[float, Field(ge=0, le=5)] | None = Field(default=None, description="0 to 5.")
    title: Title = ""
    body: LongText = ""
    locale: Locale | None = None
    written_at: datetime | str | None = None
