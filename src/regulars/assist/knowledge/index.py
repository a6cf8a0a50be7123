"""Finds passages: words and a glossary's concepts by BM25, sentence vectors, and the subject; blended by weights that were fitted.

The weights stand in `weights.json`; `python -m benchmarks.retrieval --fit` makes them from questions that no figure is taken from.
Knows no answer: it ranks, and says for each passage what spoke for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.assist.knowledge.likeness import MAX_WORDS, Likeness
from regulars.assist.knowledge.passages import Chunk, sentences
from regulars.assist.knowledge.postings import Postings
from regulars.assist.knowledge.subjects import known_subjects
from regulars.assist.knowledge.vectors import Vectors
from regulars.assist.knowledge.words import Speller, glossary, is_chinese, runs, terms
from regulars.language.sentence_vectors import SentenceEncoder

Float32 = npt.NDArray[np.float32]

TITLE, TAGS, BODY = 2.0, 1.0, 1.0  # what a mention is worth by where it stands
MAX_QUESTION = 500  # characters read of a question
SIGNALS = (
    "words", "concepts", "likeness", "heading", "headed", "title", "sentence", "whole", "asked",
    "taught title", "taught sentence", "taught whole", "subject", "own",
)  # fmt: skip
"""What speaks for a passage. Shares from 0 to 1, weighed by rarity: of the question's words and of its concepts that the passage holds, of
its words that the passage holds in others alike, of its concepts that the title and the tags hold, of the title's concepts that the question names. Cosines: of the title, of the best sentence, of
title and text together; by how much the likest question that the article was asked as before is near; of title, sentence and whole again as the
subjects bring them nearer; of where question and passage stand among the subjects. And whether it is in the question's language."""
OWN = SIGNALS.index("own")
FEATURES = (*SIGNALS[:OWN], *(f"{name}, other language" for name in SIGNALS[:OWN]), "own")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read out of a question and what speaks for each passage: (n, signals).

    foreign: share of the question's words that stand neither in any passage nor in the glossary. familiar: how like it is to the likest
    subject that shops are asked about.
    """

    question: str
    locale: str
    vector: Float32
    signals: Float32
    scores: Float32
    foreign: float = 0.0
    familiar: float = 0.0


@dataclass(slots=True)
class Known:
    """Vectors by the text they are of; an index takes from it what is there and leaves what it needs."""

    texts: dict[str, Float32] = field(default_factory=dict)
    words: dict[str, Float32] = field(default_factory=dict)


class Index:
    """All passages at one moment. Immutable; threads may share it."""

    def __init__(
        self,
        chunks: Iterable[Chunk],
        encoder: SentenceEncoder,
        known: Known | None = None,
    ) -> None:
        """known: what an index before has encoded, brought up to date."""
        known = Known() if known is None else known
        self._encoder = encoder
        self.chunks = list(chunks)
        self._glossary = glossary()
        self.zh = np.array([chunk.passage.locale == "zh" for chunk in self.chunks], np.bool_)
        self._words = Postings([_weighed(chunk, terms) for chunk in self.chunks])
        self._concepts = Postings([_weighed(chunk, self._glossary.concepts) for chunk in self.chunks])
        self._headings = Postings([_weighed(chunk, self._glossary.concepts, body=0.0) for chunk in self.chunks])
        self._title_concepts = [set(self._glossary.concepts(chunk.passage.title)) for chunk in self.chunks]
        self._title_worth = np.array(
            [sum(map(self._concepts.rarity, some)) for some in self._title_concepts], np.float32
        )
        written = {
            run for chunk in self.chunks for text in (chunk.passage.title, chunk.passage.text) for run in runs(text)
        }
        self._speller = Speller(written | self._glossary.words)
        self.sentences = [sentences(chunk.passage.text) for chunk in self.chunks]
        self.vectors = Vectors(
            [chunk.passage.title for chunk in self.chunks],
            [chunk.passage.text for chunk in self.chunks],
            self.sentences,
            self.zh,
            encoder,
            known.texts,
            [chunk.questions for chunk in self.chunks],
        )
        # An encoder that the subjects weren't made with does without.
        self._subjects = known_subjects(encoder.name)
        if self._subjects:
            taught = self._subjects.adapted
            self._taught = [taught(some) for some in (self.vectors.titles, self.vectors.sentences, self.vectors.wholes)]
            texts = [f"{chunk.passage.title} {chunk.passage.text}" for chunk in self.chunks]
            self._places = self._subjects.of_passages(self._taught[0], self._taught[2], texts)
        held = [
            set(self._glossary.written(" ".join((chunk.passage.title, *chunk.tags, chunk.passage.text))))
            for chunk in self.chunks
        ]
        self._likeness = Likeness(held, encoder, known.words)

    def look(self, text: str, locale: str) -> Seen:
        """What speaks for each passage."""
        question = text[:MAX_QUESTION].strip()
        spelt = self._speller.corrected(question)
        said = self._glossary.written(spelt)[:MAX_WORDS]
        encoded = self._encoder.encode([spelt, *said])
        vector = self.vectors.of_question(encoded[:1], is_chinese(spelt))
        asked = self._glossary.concepts(spelt)
        named = set(asked)
        taught, familiar = self._by_subject(vector, spelt)
        headed = [sum(map(self._concepts.rarity, some & named)) for some in self._title_concepts]
        signals = np.stack(
            [
                self._words.share(terms(spelt)),
                self._concepts.share(asked),
                self._likeness.share(said, encoded[1:]),
                self._headings.share(asked),
                np.array(headed, np.float32) / np.maximum(self._title_worth, 1e-6),
                self.vectors.titles @ vector,
                self.vectors.best_sentence(vector, self.vectors.titles, self.vectors.sentences),
                self.vectors.wholes @ vector,
                self.vectors.asked(vector),
                *taught,
                (self.zh == (locale.split("-")[0] == "zh")).astype(np.float32),
            ],
            axis=1,
        )
        return Seen(spelt, locale, vector, signals, scored(signals), self._foreign(spelt), familiar)

    def _by_subject(self, vector: Float32, text: str) -> tuple[list[Float32], float]:
        """The four signals that subjects give, and how familiar a question is."""
        if not self._subjects or not self.chunks:
            return [np.zeros(len(self.chunks), np.float32)] * 4, 0.0
        titles, parts, wholes = self._taught
        near = self._subjects.adapted(vector[None])[0]
        place, familiar = self._subjects.of_question(near, text)
        found = [titles @ near, self.vectors.best_sentence(near, titles, parts), wholes @ near, self._places @ place]
        return found, familiar

    def _foreign(self, question: str) -> float:
        said = terms(question)
        if not said:
            return 0.0
        return sum(term not in self._words and not self._glossary.knows(term) for term in said) / len(said)

    def share(self, question: str, texts: Sequence[str]) -> Float32:
        """(n,) how much of a question each text holds, by words and concepts together: 0 to 1."""
        out = np.zeros(len(texts), np.float32)
        readings: list[tuple[Callable[[str], Sequence[Any]], Postings]] = [
            (terms, self._words),
            (self._glossary.concepts, self._concepts),
        ]
        for read, postings in readings:
            asked = {term: postings.rarity(term) for term in read(question)}
            whole = 2 * sum(asked.values())
            for at, text in enumerate(texts):
                held = set(read(text))
                out[at] += sum(worth for term, worth in asked.items() if term in held) / whole if whole else 0.0
        return out


def _weighed(chunk: Chunk, read: Callable[[str], Sequence[Any]], body: float = BODY) -> dict[Any, float]:
    counts: dict[Any, float] = {}
    for text, worth in ((chunk.passage.title, TITLE), (", ".join(chunk.tags), TAGS), (chunk.passage.text, body)):
        if not worth:
            continue
        for term in read(text):
            counts[term] = counts.get(term, 0.0) + worth
    return counts


def features(signals: Float32) -> Float32:
    """(n, f) what the weights are for: each signal, once for passages in the question's language and once for others."""
    said, own = signals[:, :OWN], signals[:, OWN:]
    return np.hstack([said * own, said * (1 - own), own]).astype(np.float32)


def scored(signals: Float32, weights: Float32 | None = None) -> Float32:
    """(n,) how well each passage fits, higher is better."""
    blend = ranking_weights() if weights is None else weights
    return features(signals) @ blend


@cache
def weights() -> dict[str, Any]:
    """What `python -m benchmarks.retrieval --fit` wrote."""
    read: dict[str, Any] = json.loads(resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8"))
    return read


def ranking_weights() -> Float32:
    fitted = weights()["ranking"]
    return np.array([fitted.get(name, 0.0) for name in FEATURES], np.float32)
