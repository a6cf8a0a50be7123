"""A Decision: what a surface did, for whom, why, and with which chance. It is the unit that learning reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

SLIM_FOREVER = "slim"
FEATURES_KEPT_DAYS = 180  # labels take 28 days to ripen; a model is trained on half a year
TRACE_KEPT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with arguments; it is said in the reader's language when shown, never stored as a sentence."""

    code: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """One item of a list. `propensity` is P(item | the prefix above, the candidates); None where nothing was random."""

    product_id: int
    position: int
    score: float
    propensity: float | None
    source: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Decision:
    """What is kept of one answer. `trace` is the full account (30 days), `features` the typed rows (180 days)."""

    decision_id: UUID
    at: datetime
    surface: str
    customer_id: int | None
    visitor_id: int | None
    context_product_id: int | None
    mode: str
    model_version: str | None
    policy: str
    seed: int
    arm: str | None
    actions: tuple[Action, ...]
    timings_ms: dict[str, float]
    trace: dict[str, Any]
    feature_names: tuple[str, ...] = ()
    feature_product_ids: Sequence[int] = ()
    feature_shown: Sequence[bool] = ()
    feature_rows: Sequence[Sequence[float]] = ()
