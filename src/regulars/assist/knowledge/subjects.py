"""What shops are asked about: some hundred subjects, each in customers' words of both languages. Knows no shop and no article.

Nobody who finds grit in a cup asks for "descaling". So a question is placed among the subjects by wordings that are like it, a passage by
what it says, and the two are compared by where they stand. The subjects' texts are `subjects.jsonl`; `python -m benchmarks.subjects` made
`subjects.safetensors` of them: their vectors, and a matrix that brings wordings of one subject nearer to each other and to its text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load

from regulars.assist.knowledge.postings import Postings
from regulars.assist.knowledge.words import glossary, terms

Float32 = npt.NDArray[np.float32]

TEXTS, VECTORS = "subjects.jsonl", "subjects.safetensors"
SHARPNESS = 10  # how strongly a text leans to the subject that it is likest to
SAID = 0.5  # what shared words, and shared concepts, count for beside the cosine
NEAREST = 2  # wordings of a subject that a question is compared with


@dataclass(frozen=True, slots=True)
class Subject:
    """titles and texts: a heading and a sentence on it by language. wordings: how customers ask, in either language."""

    name: str
    titles: dict[str, str]
    texts: dict[str, str]
    wordings: tuple[str, ...]

    def lines(self) -> list[tuple[str, str]]:
        """(kind, text) of all that it is made of: "title" and "whole" of each language, then each "question"."""
        heads = [("title", title) for title in self.titles.values()]
        wholes = [("whole", f"{title} {self.texts[language]}") for language, title in self.titles.items()]
        return [*heads, *wholes, *(("question", wording) for wording in self.wordings)]


def read_subjects() -> list[Subject]:
    """All of them, as they come along."""
    rows = [json.loads(line) for line in _bytes(TEXTS).decode().splitlines()]
    return [
        Subject(
            row["subject"],
            {language: row[language][0] for language in ("en", "zh")},
            {language: row[language][1] for language in ("en", "zh")},
            tuple(row["wordings"]),
        )
        for row in rows
    ]


class Subjects:
    """s subjects, ready to place texts among them. Immutable; threads may share it."""

    def __init__(self, subjects: Sequence[Subject], vectors: Float32, adapter: Float32) -> None:
        """vectors: (m, dims) of every line of every subject in turn, adapted, of length 1. adapter: (dims, dims)."""
        self._adapter = adapter
        kinds = np.array([kind for one in subjects for kind, _ in one.lines()])
        owner = np.repeat(np.arange(len(subjects)), [len(one.lines()) for one in subjects])
        self._middles = [
            _unit(
                np.stack([vectors[(owner == place) & (kinds == kind)].mean(axis=0) for place in range(len(subjects))])
            )
            for kind in ("title", "whole", "question")
        ]
        asked = kinds == "question"
        self._wordings = vectors[asked]
        longest = max(len(one.wordings) for one in subjects)
        # One row a subject; the place behind the last wording stands for none.
        self._places = np.full((len(subjects), longest), len(self._wordings))
        begin = 0
        for place, one in enumerate(subjects):
            self._places[place, : len(one.wordings)] = np.arange(begin, begin + len(one.wordings))
            begin += len(one.wordings)
        lines = [[text for _, text in one.lines()] for one in subjects]
        self._words = Postings([_counted(terms(text) for text in some) for some in lines])
        self._concepts = Postings([_counted(glossary().concepts(text) for text in some) for some in lines])

    def adapted(self, vectors: Float32) -> Float32:
        """(n, dims) with wordings of one subject nearer to each other, of length 1. vectors: centred."""
        return _unit(vectors + vectors @ self._adapter)

    def of_question(self, vector: Float32, text: str) -> tuple[Float32, float]:
        """Where a question stands, (s,) of length 1, and how like it is to the likest subject, some 0 to 2. vector: (dims,) adapted."""
        near = np.append(self._wordings @ vector, np.float32(-1.0))[self._places]
        best = -np.partition(-near, NEAREST - 1, axis=1)[:, :NEAREST].mean(axis=1)
        likeness = (best + self._said(text)).astype(np.float32)
        return _placed(likeness[None])[0], float(likeness.max())

    def of_passages(self, titles: Float32, wholes: Float32, texts: Sequence[str]) -> Float32:
        """(n, s) where passages stand, rows of length 1. titles and wholes: (n, dims) adapted; texts: title and text together."""
        if not len(texts):
            return np.zeros((0, len(self._places)), np.float32)
        title, whole, question = self._middles
        near = (titles @ title.T + wholes @ whole.T + wholes @ question.T) / 3
        return _placed(near + np.stack([self._said(text) for text in texts]))

    def _said(self, text: str) -> Float32:
        """(s,) words and concepts shared with each subject."""
        shared: Float32 = self._words.share(terms(text)) + self._concepts.share(glossary().concepts(text))
        return SAID * shared


def _counted(some: Iterable[Sequence[Any]]) -> dict[Any, float]:
    counts: dict[Any, float] = {}
    for read in some:
        for term in read:
            counts[term] = counts.get(term, 0.0) + 1.0
    return counts


def _placed(likeness: Float32) -> Float32:
    """(n, s) likenesses as shares of each text's whole, rows of length 1."""
    shares = np.exp(SHARPNESS * (likeness - likeness.max(axis=1, keepdims=True)))
    return _unit(shares)


def _unit(vectors: Float32) -> Float32:
    unit: Float32 = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)).astype(np.float32)
    return unit


def _bytes(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()


@cache
def known_subjects(encoder: str) -> Subjects | None:
    """Those that come along, read once; None for an encoder that they weren't made with."""
    read = load(_bytes(VECTORS))
    if f"{encoder}/adapter" not in read:
        return None
    vectors = _unit(read[f"{encoder}/lines"].astype(np.float32))
    return Subjects(read_subjects(), vectors, read[f"{encoder}/adapter"].astype(np.float32))
