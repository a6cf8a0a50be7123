"""How the judge of interest is trained. Plain data: no torch."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.errors import InvalidInput

RATES = {"full": 5e-5, "lora": 5e-4, "adapter": 5e-4, "frozen": 1e-4}


def known(method: str) -> str:
    """The method. Raises InvalidInput when there is none of that name."""
    if method not in RATES:
        raise InvalidInput(f"There is no tuning method {method}.", hint=f"Use {', '.join(RATES)}.", field="method")
    return method


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """One set of defaults for every shop.

    method: "full", "lora", "adapter" or "frozen" (a head alone). learning_rate: None = by method (RATES); it rises for
    warmup_steps, then falls linearly to a twentieth. people: whose histories make a step's batch. epochs, patience (checks
    without a better AUC, 0 = never) and max_seconds end the training, whichever comes first; a run that the clock ends isn't
    reproducible to the bit. checks: a pass. window, window_decay, backward: which neighbours in a history are pairs, and their
    weights. popularity: exponent of the popularity added to logits. longest: steps of a history that a batch reads.
    tokens: of a text that are read. word_dropout: share of words left out; synonyms: replace some by the bundled table's.
    noise: ε of adversarial training on embeddings, 0 = without; it doubles a step's time. teacher_seconds: of the cross-encoder's
    training, 0 = without; lessons: groups of its judgements a step; lesson_weight: of their part in the loss.
    history_decay, history_half_life_days: of a customer's vector. held_share, held_people: held out for checks, at most.
    """

    method: str = "frozen"
    learning_rate: float | None = None
    people: int = 24
    epochs: int = 2
    max_seconds: float = 120.0
    patience: int = 3
    checks: int = 8
    warmup_steps: int = 20
    weight_decay: float = 0.01
    dropout: float = 0.1
    temperature: float = 0.1
    popularity: float = 0.5
    window: int = 3
    window_decay: float = 0.6
    backward: float = 0.3
    longest: int = 12
    tokens: int = 24
    lora_rank: int = 8
    adapter_width: int = 48
    word_dropout: float = 0.0
    synonyms: bool = False
    noise: float = 0.0
    teacher_seconds: float = 0.0
    lessons: int = 4
    lesson_weight: float = 0.5
    history_decay: float = 0.6
    history_half_life_days: float = 30.0
    held_share: float = 0.1
    held_people: int = 400
    min_people: int = 50
    bfloat16: bool = True
    threads: int = 2

    @property
    def rate(self) -> float:
        """The learning rate in use."""
        return RATES.get(self.method, 1e-4) if self.learning_rate is None else self.learning_rate
