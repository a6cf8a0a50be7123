"""What an intent model is taught with and how. Plain data: no torch."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.errors import InvalidInput

OUT_OF_SCOPE = "out_of_scope"
"""The intent of examples that the assistant shouldn't answer. It teaches where the scope ends and is never predicted."""

PARTS = ("sentence", "multilingual", "terms")
"""What reads a text: the bundled MiniLM (English), the bundled multilingual encoder, counted words and pieces of words."""

METHODS = ("frozen", "lora", "full")


@dataclass(frozen=True, slots=True)
class Example:
    """A text, what its writer wanted, and its language ("en", "zh", …; only for the report)."""

    text: str
    intent: str
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class IntentSettings:
    """One set of defaults for every shop.

    parts: of PARTS; one that isn't installed is left out. method: "frozen" = the sentence encoder as it is; "lora" and "full" (all
    but the table of words) tune it for `epochs` or until max_seconds, whichever comes first (a run that the clock ends isn't
    reproducible to the bit).
    networks: so many are tuned from the same start, in other orders, and the mean of their weights serves: it costs only time of training, of
    which each gets its share. learning_rate: None = by method. head_rate: of the class vectors. temperature: of cosines while tuning. smoothing: of
    labels. word_dropout: share of tokens left out while tuning. names: the intent's name is an example of it.
    held_share: of the examples, for choices and calibration, when no validation examples are given; below cross_below
    examples and with a frozen encoder it is cross-fitting in `folds` parts instead. refit: once chosen, learn again from everything.
    strength: inverse regularisation of the linear heads. kept: share of validation in scope that isn't refused, at least.
    tokens: of a text that are read. threads: of tuning.
    """

    parts: tuple[str, ...] = PARTS
    method: str = "frozen"
    epochs: float = 8.0
    networks: int = 1
    max_seconds: float = 300.0
    batch: int = 64
    learning_rate: float | None = None
    head_rate: float = 2e-3
    lora_rank: int = 8
    dropout: float = 0.1
    temperature: float = 0.05
    smoothing: float = 0.0
    word_dropout: float = 0.0
    names: bool = True
    held_share: float = 0.1
    cross_below: int = 4_000
    folds: int = 5
    refit: bool = False
    strength: float = 30.0
    kept: float = 0.97
    tokens: int = 48
    threads: int = 2
    bfloat16: bool = True

    def __post_init__(self) -> None:
        """Raises InvalidInput for an unknown part or method."""
        unknown = [part for part in self.parts if part not in PARTS]
        if unknown or not self.parts:
            raise InvalidInput(
                f"An intent model has no part {', '.join(unknown) or 'at all'}.",
                hint=f"Use {', '.join(PARTS)}.",
                field="parts",
            )
        if self.networks < 1:
            raise InvalidInput(
                f"An intent model can't be the mean of {self.networks} networks.",
                hint="Use 1 or more.",
                field="networks",
            )
        if self.method not in METHODS:
            raise InvalidInput(
                f"There is no tuning method {self.method}.", hint=f"Use {', '.join(METHODS)}.", field="method"
            )

    @property
    def rate(self) -> float:
        """The encoder's learning rate in use."""
        if self.learning_rate is not None:
            return self.learning_rate
        return {"full": 5e-5, "lora": 5e-4}.get(self.method, 0.0)
