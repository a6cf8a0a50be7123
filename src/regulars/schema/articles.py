"""Help-centre articles: what the assistant may cite."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from regulars.schema.catalogue import Locale
from regulars.schema.identity import ExternalIdField
from regulars.schema.text import LongText, ShortText, Title


class Article(BaseModel):
    """One article in one language."""

    model_config = ConfigDict(extra="forbid")
    id: ExternalIdField
    title: Title
    body: LongText = ""
    locale: Locale | None = None
    tags: list[ShortText] = Field(default_factory=list, max_length=100)
    questions: list[ShortText] = Field(
        default_factory=list, max_length=200, description="How customers ask for it, in their words."
    )
    updated_at: datetime | str | None = None
