"""Answers from what the shop has written: the passages that fit, and of the best one the sentences that answer, word for word.

Writes nothing of its own. When nothing fits well enough it says so (`confident` is false), and whoever asked offers a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

import numpy as np
import numpy.typing as npt

from regulars.assist.knowledge.contradictions import contradict
from regulars.assist.knowledge.index import SIGNALS, Index, Known, Seen, weights
from regulars.assist.knowledge.passages import ArticleText, article_chunks, policy_chunks
from regulars.assist.knowledge.products import ProductText, Stated, answer_about, linked
from regulars.assist.texts import plain
from regulars.language.sentence_vectors import SentenceEncoder, sentence_encoder
from regulars.schema.conversations import Passage

Float32 = npt.NDArray[np.float32]

MAX_SENTENCES = 3
RELATED = 0.55  # a sentence goes along if it fits the question this well beside the best one
TWIN = 0.5  # cosine from which a passage in the other language says the same again
RIVALS = 5  # sources looked through for contradictions
NAMED = 3  # sources named where none is sure
LOOKED_THROUGH = 8
SAME_MATTER = 0.5  # cosine of whole passages from which two may contradict each other


@dataclass(frozen=True, slots=True)
class Answer:
    """passages: what is cited, the one that answers first. extract: one to three sentences of it, verbatim; empty if nothing was found.

    confident: whether it may be said. probability: that the first passage answers, as fitted. older: sources among the passages that a
    newer one contradicts. stated: of a product question, "yes", "no", "mixed", "stated" or "unstated". near: where nothing is sure, the
    sources that may have it, the likeliest first, in the asker's language where one says the same there.
    """

    passages: tuple[Passage, ...]
    extract: str
    confident: bool
    probability: float = 0.0
    sentences: tuple[str, ...] = ()
    older: tuple[str, ...] = ()
    stated: Stated | None = None
    near: tuple[Passage, ...] = ()


class Knowledge:
    """All that may be cited at one moment. Immutable; threads may share it."""

    def __init__(self, index: Index, products: Sequence[ProductText] = ()) -> None:
        self.index = index
        self.products = tuple(products)
        self._asked: dict[str, list[int]] = {}
        """Places of the passages of articles that were asked in these very words."""
        for place, chunk in enumerate(index.chunks):
            for wording in chunk.questions:
                self._asked.setdefault(plain(wording), []).append(place)

    @classmethod
    def of(
        cls,
        articles: Sequence[ArticleText],
        policies: Sequence[tuple[str, str, str, str]] = (),
        products: Sequence[ProductText] = (),
        *,
        encoder: SentenceEncoder | None = None,
        known: Known | None = None,
    ) -> Self:
        """policies: (key, title, text, locale). products: those that a question may name; many are better linked outside and handed to
        `answer`. known: what was encoded before; brought up to date."""
        chunks = [*article_chunks(articles), *policy_chunks(policies)]
        return cls(Index(chunks, encoder or sentence_encoder(), known), products)

    def search(self, text: str, locale: str, k: int = 3) -> list[Passage]:
        """The k sources that fit best, best first, the best passage of each. An empty question finds nothing."""
        if not text.strip():
            return []
        seen = self.index.look(text, locale)
        return [self._passage(place, seen) for place in self.ranked(seen, k)]

    def ranked(self, seen: Seen, k: int, *, twins: bool = False) -> list[int]:
        """Places of the best passages of k sources. twins: also those that say again, in another language, what stands higher."""
        kept: list[int] = []
        sources: set[str] = set()
        for place in np.argsort(-seen.scores, kind="stable").tolist():
            source = self.index.chunks[place].passage.source
            if source in sources or (not twins and any(self._twin(place, one) for one in kept)):
                continue
            sources.add(source)
            kept.append(place)
            if len(kept) == k:
                break
        return kept

    def answer(self, text: str, locale: str, product: ProductText | None = None) -> Answer:
        """What the shop's own words say to this. product: what the conversation is about, if it is about one."""
        product = product or linked(text, self.products)
        if product is None:
            return self._from_articles(text, locale)
        about = answer_about(product, text, locale)
        if about.stated != "unstated":
            return Answer(about.passages, _joined(about.sentences), True, 1.0, about.sentences, (), about.stated)
        # "Can I return the tent?" names a product but asks the help centre.
        found = self._from_articles(text, locale)
        return replace(found, stated="unstated")

    def _from_articles(self, text: str, locale: str) -> Answer:
        if not text.strip() or not self.index.chunks:
            return Answer((), "", False)
        seen = self.index.look(text, locale)
        order = self.ranked(seen, RIVALS, twins=True)
        probability = confidence(seen, order)
        asked = self._asked.get(plain(text))
        if asked:
            # The shop says itself which article that is.
            first = max(asked, key=lambda place: float(seen.scores[place]))
            source = self.index.chunks[first].passage.source
            order = [first, *(one for one in order if self.index.chunks[one].passage.source != source)]
            probability = 1.0
        sure = probability >= weights()["threshold"]
        best = self._in_language(order, locale)
        places = self._sentences(best, seen)
        said = tuple(self.index.sentences[best][at] for at in places)
        against = [place for place in order if place != best and self._against(best, places, place)]
        cited = [best, *against]
        newest = max((self.index.chunks[place].passage.updated_at for place in cited), key=_moment)
        older = tuple(
            passage.source for place in cited
            if against and _moment((passage := self.index.chunks[place].passage).updated_at) < _moment(newest)
        )  # fmt: skip
        return Answer(
            tuple(self._passage(place, seen) for place in cited),
            _joined(said),
            bool(said) and sure,
            probability,
            said,
            older,
            near=() if sure or probability < weights()["near"] else self._near(seen, locale),
        )

    def _near(self, seen: Seen, locale: str) -> tuple[Passage, ...]:
        """The NAMED sources that fit best, no two of the same title."""
        named: dict[str, Passage] = {}
        for place in self.ranked(seen, LOOKED_THROUGH):
            if not self.index.chunks[place].passage.title:
                continue  # a policy's words have no title to be named by
            told = self._passage(self._translated(place, locale), seen)
            named.setdefault(told.title, told)
            if len(named) == NAMED:
                break
        return tuple(named.values())

    def read(self, source: str, text: str, locale: str) -> Passage | None:
        """What an article says to a question, word for word: of its best passage the sentences that fit. None: it is gone."""
        seen = self.index.look(text, locale)
        own = [at for at, chunk in enumerate(self.index.chunks) if chunk.passage.source == source]
        if not own:
            return None
        best = max(own, key=lambda at: float(seen.scores[at]))
        said = tuple(self.index.sentences[best][at] for at in self._sentences(best, seen))
        passage = self._passage(best, seen)
        return replace(passage, text=_joined(said) or passage.text)

    def _in_language(self, order: Sequence[int], locale: str) -> int:
        """The first place, or the one that says the same in the asker's language."""
        language = locale.split("-")[0]
        if self._language(order[0]) == language:
            return order[0]
        return next(
            (one for one in order[1:] if self._language(one) == language and self._twin(one, order[0])), order[0]
        )

    def _translated(self, place: int, locale: str) -> int:
        """The passage that says the same in this language, or the passage itself."""
        language = locale.split("-")[0]
        if self._language(place) == language:
            return place
        twins = [
            one for one in range(len(self.index.chunks)) if self._language(one) == language and self._twin(one, place)
        ]
        wholes = self.index.vectors.wholes
        return max(twins, key=lambda one: float(wholes[one] @ wholes[place]), default=place)

    def _language(self, place: int) -> str:
        return self.index.chunks[place].passage.locale.split("-")[0]

    def _passage(self, place: int, seen: Seen) -> Passage:
        return replace(self.index.chunks[place].passage, score=round(float(seen.scores[place]), 4))

    def _twin(self, place: int, other: int) -> bool:
        chunks, wholes = self.index.chunks, self.index.vectors.wholes
        differ = chunks[place].passage.locale != chunks[other].passage.locale
        return differ and float(wholes[place] @ wholes[other]) >= TWIN

    def _sentences(self, place: int, seen: Seen) -> list[int]:
        """Places of the sentences of a passage that answer, in the order they stand in."""
        some = self.index.sentences[place]
        if not some:
            return []
        vectors = self.index.vectors
        fits = vectors.sentences[vectors.starts[place] : vectors.starts[place + 1]] @ seen.vector
        fits = fits + self.index.share(seen.question, some)
        best = int(fits.argmax())
        taken = {best}
        for at in (best + 1, best - 1, best + 2, best - 2):
            if 0 <= at < len(some) and len(taken) < MAX_SENTENCES and fits[at] >= RELATED * fits[best]:
                taken.add(at)
        return sorted(taken)

    def _against(self, place: int, said: list[int], other: int) -> bool:
        """Whether another passage contradicts these sentences of this one."""
        index, vectors = self.index, self.index.vectors
        if float(vectors.wholes[place] @ vectors.wholes[other]) < SAME_MATTER:
            return False
        here = vectors.sentences[vectors.starts[place] : vectors.starts[place + 1]][said]
        alike = here @ vectors.sentences[vectors.starts[other] : vectors.starts[other + 1]].T
        around = index.chunks[place].passage.text, index.chunks[other].passage.text
        return any(
            contradict(index.sentences[place][at], sentence, float(alike[row, column]), around)
            for row, at in enumerate(said)
            for column, sentence in enumerate(index.sentences[other])
        )


CONFIDENCE = (*SIGNALS, "lead", "foreign", "familiar", "one")


def confidence_features(seen: Seen, order: Sequence[int]) -> Float32:
    """(f,) of the first passage: its signals, and how far it leads the second source."""
    first = seen.signals[order[0]]
    lead = float(seen.scores[order[0]] - seen.scores[order[1]]) if len(order) > 1 else 0.0
    return np.array([*first, lead, seen.foreign, seen.familiar, 1.0], np.float32)


def confidence(seen: Seen, order: Sequence[int]) -> float:
    """Probability that the first passage answers the question; logistic regression on `confidence_features`."""
    fitted = weights()["confidence"]
    logit = float(
        sum(
            fitted.get(name, 0.0) * value
            for name, value in zip(CONFIDENCE, confidence_features(seen, order), strict=True)
        )
    )
    return float(1 / (1 + np.exp(-logit)))


def _moment(when: datetime | None) -> datetime:
    return (when if when.tzinfo else when.replace(tzinfo=UTC)) if when else datetime.min.replace(tzinfo=UTC)


def _joined(said: Sequence[str]) -> str:
    """Sentences beside each other; Chinese ones without a space."""
    out = ""
    for one in said:
        out += one if not out or out[-1] in "。！？；" else f" {one}"
    return out
