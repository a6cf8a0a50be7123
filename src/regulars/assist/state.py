"""Where a conversation stands between two turns: the open flow, what it was told, what was asked, what waits for a yes. Data only."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class State:
    """flow: the open one. asked: the slot that was asked for last. token: confirms the proposal that was shown. after: the
    flow that goes on when it is known who asks. misses: turns in a row that led nowhere. shown: products shown last.
    question: what found no sure answer in the turn before, and articles: the sources that were named for it.
    """

    flow: str | None = None
    slots: dict[str, str] = field(default_factory=dict)
    asked: str | None = None
    token: str | None = None
    after: str | None = None
    misses: int = 0
    turns: int = 0
    shown: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    last_act: str = ""
    last_order: str | None = None
    question: str = ""
    articles: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """The flow is over; what is known of the person stays."""
        self.flow, self.asked, self.token, self.after, self.options = None, None, None, None, []
        self.slots = {name: value for name, value in self.slots.items() if name in ("email", "name", "postcode")}

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> State:
        known = {name: value for name, value in document.items() if name in cls.__slots__}
        return cls(**known)
