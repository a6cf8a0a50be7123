"""A small model that a shop tuned on its own texts, as a writer; and the form in which it is asked and answers.

The form is the same in teaching and in writing: nothing else makes a small model keep to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regulars.content.gate import Flag, texts
from regulars.content.sheet import Sheet
from regulars.content.writers import SECONDS, asked, in_sentences
from regulars.errors import DamagedModel, InvalidInput, ModelError
from regulars.language.chat_models import Message
from regulars.language.local_models import LocalModel
from regulars.schema.content import KINDS, Brief, Fields

KIND = "writer"
"""Its kind in the model registry."""
MODEL_FILE, ABOUT_FILE = "writer.gguf", "writer.json"
TAUGHT = (
    "description",
    "title",
    "bullets",
    "seo",
    "ad_search",
    "ad_social",
    "ad_banner",
    "push",
    "sms",
    "email",
    "alt",
)
"""Kinds that can be taught: a digest is counted, not written."""
MAX_TOKENS = 320
WARMTH = 0.6
"""Of a second try: the likeliest words would be the same again."""
FORM = 1
"""Changes with the form of the prompts: a version that learned another one doesn't serve."""


@dataclass(frozen=True, slots=True)
class About:
    """What stands beside a tuned model's file. kinds: what it was taught. base: the file it came from, by checksum."""

    kinds: tuple[str, ...]
    locale: str
    form: int
    base: str

    def save(self, folder: Path) -> None:
        told = {"kinds": list(self.kinds), "locale": self.locale, "form": self.form, "base": self.base}
        (folder / ABOUT_FILE).write_text(json.dumps(told, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> About:
        """Raises: DamagedModel."""
        try:
            told = json.loads((folder / ABOUT_FILE).read_text(encoding="utf-8"))
            return cls(tuple(told["kinds"]), str(told["locale"]), int(told["form"]), str(told["base"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedModel(f"{folder / ABOUT_FILE} can't be read: {error}", file=ABOUT_FILE) from error


class TunedWriter:
    """One contract with the others. It is asked in one turn, without examples."""

    asks = True

    def __init__(self, model: LocalModel, about: About, seconds: float = SECONDS) -> None:
        self._model, self._about, self._seconds = model, about, seconds
        self.name = model.name

    def can(self, brief: Brief) -> bool:
        return brief.locale == self._about.locale and brief.kind in self._about.kinds and self._about.form == FORM

    def write(self, sheet: Sheet, brief: Brief, wrong: Sequence[Flag] = (), before: Fields | None = None) -> Fields:  # noqa: ARG002 - the contract's; a second try is drawn more freely
        if brief.kind not in KINDS:
            raise InvalidInput(f"There is no kind of text {brief.kind[:40]!r}.", field="kind")
        if not self.can(brief):
            raise ModelError(f"The tuned writer {self.name} wasn't taught this kind of text in this language.")
        system, user = question(sheet, brief)
        said = self._model.complete(
            [Message("system", system), Message("user", user)],
            None,
            MAX_TOKENS,
            self._seconds,
            warmth=WARMTH if wrong or brief.variant else 0.0,
            seed=1 + brief.variant,
        )
        return read_answer(said.text, brief)

    def close(self) -> None:
        self._model.close()


def opened(folder: Path, version: str, threads: int = 1) -> TunedWriter:
    """The writer in a version's folder; its model is loaded with the first text. Raises: DamagedModel."""
    return TunedWriter(LocalModel(folder / MODEL_FILE, version, threads), About.load(folder))


def question(sheet: Sheet, brief: Brief) -> tuple[str, str]:
    """(system, user): what it is asked."""
    voice = brief.voice
    told = [f"You write for an online shop, true to the facts. Tone: {voice.tone}. Length: {voice.length}."]
    if voice.audience:
        told.append(f"Readers: {voice.audience}.")
    if voice.avoid:
        told.append(f"Never use: {', '.join(voice.avoid[:20])}.")
    return " ".join(told), asked(sheet, brief)


def answer(fields: Fields, brief: Brief) -> str:
    """A text as it should answer: the words alone, or each part after its name where there are several."""
    said = texts(fields, brief.locale)
    names = [place.name for place in KINDS[brief.kind]]
    if len(names) == 1:
        return said[names[0]]
    return "\n".join(f"{name}: {said[name]}" for name in names)


def read_answer(said: str, brief: Brief) -> Fields:
    """The other way round. Raises: ModelError when a part is missing.

    >>> told = read_answer("headline: Clay mug\\ntext: It holds 1 l.\\nOf clay.", Brief("ad_banner", "en"))
    >>> {name: [one.text for one in several] for name, several in told.items()}
    {'headline': ['Clay mug'], 'text': ['It holds 1 l.', '\\nOf clay.']}
    """
    names = [place.name for place in KINDS[brief.kind]]
    if len(names) == 1:
        return {names[0]: in_sentences(said)}
    parts = re.split(rf"^({'|'.join(names)}):[ \t]*", said, flags=re.M)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    missing = [name for name in names if not found.get(name, "").strip()]
    if missing:
        raise ModelError(f"The tuned writer left out {', '.join(missing)}.")
    return {name: in_sentences(found[name]) for name in names}
