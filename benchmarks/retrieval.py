"""How well the help centre is searched: benchmarks/helpdesk, an invented shop's articles and questions worded differently.

    python -m benchmarks.retrieval          figures on the scored part
    python -m benchmarks.retrieval --fit    fit the weights on the development part, write them, then the figures

Three parts. *vocabulary*: its words went into the glossary, so no figure of it says anything. *dev*: the weights are fitted on it.
*scored*: written after the glossary was closed; nothing was chosen on it. Beside the whole: its signals alone, over the same passages.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from benchmarks._report import Figures, print_report
from regulars.assist.knowledge import index, vectors
from regulars.assist.knowledge.index import FEATURES, OWN, SIGNALS, Seen, features, scored
from regulars.assist.knowledge.passages import ArticleText, Chunk, article_chunks, sentences
from regulars.assist.knowledge.service import CONFIDENCE, Knowledge, confidence_features
from regulars.language.sentence_vectors import sentence_encoder

FOLDER = Path(__file__).parent / "helpdesk"
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Question:
    """topic: None if the help centre doesn't answer it. cross: its article is only in the other language."""

    text: str
    locale: str
    topic: str | None
    cross: bool


def read_articles() -> list[ArticleText]:
    """Each article under the id "topic.locale"."""
    rows = _rows("articles")
    return [
        ArticleText(
            f"{row['topic']}.{row['locale']}", row["title"], row["body"], row["locale"], tuple(row["tags"]),
            datetime.fromisoformat(row["updated_at"]).replace(tzinfo=UTC),
        )
        for row in rows
    ]  # fmt: skip


def read_questions(part: str) -> list[Question]:
    """part: "vocabulary", "dev" or "scored"."""
    languages: dict[str, set[str]] = {}
    for row in _rows("articles"):
        languages.setdefault(row["topic"], set()).add(row["locale"])
    return [
        Question(
            row["text"], row["locale"], row["topic"], row["locale"] not in languages.get(row["topic"], {row["locale"]})
        )
        for row in _rows("questions")
        if row["part"] == part
    ]


def _rows(name: str) -> list[dict[str, Any]]:
    with (FOLDER / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def topic_of(source: str) -> str:
    return source.partition(":")[2].rpartition(".")[0]


def write_fitted(questions: Sequence[Question]) -> None:
    """Fit means and weights and put them where they are read from."""
    folder = Path(index.__file__).parent
    chunks = list(article_chunks(read_articles()))
    save_file(centres(chunks, questions), folder / vectors.CENTRES)
    vectors.known_centres.cache_clear()
    fitted = fit(Knowledge.of(read_articles()), questions, [Knowledge.of(asked(share)) for share in (0.5, 1.0)])
    (folder / "weights.json").write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    index.weights.cache_clear()


def centres(chunks: Sequence[Chunk], questions: Sequence[Question]) -> dict[str, npt.NDArray[Any]]:
    """The mean vector of each kind of text in each language, half precision."""
    encoder = sentence_encoder()
    found: dict[str, npt.NDArray[Any]] = {}
    for language in ("en", "zh"):
        passages = [chunk.passage for chunk in chunks if chunk.passage.locale == language]
        texts = {
            "title": [one.title for one in passages],
            "whole": [f"{one.title} {one.text}" for one in passages],
            "sentence": [f"{one.title} {part}" for one in passages for part in sentences(one.text)],
            "question": [one.text for one in questions if one.locale == language],
        }
        for kind, some in texts.items():
            found[f"{encoder.name}/{kind}.{language}"] = encoder.encode(some).mean(axis=0).astype(np.float16)
    return found


def asked(share: float, seed: int = 0) -> list[ArticleText]:
    """The articles, a share of the topics with what they were asked as before: the vocabulary part's questions, eight a topic."""
    before: dict[str, list[str]] = {}
    for one in read_questions("vocabulary"):
        before.setdefault(one.topic or "", []).append(one.text)
    topics = sorted(before)
    chosen = set(np.random.default_rng(seed).permutation(topics)[: round(share * len(topics))].tolist())
    return [
        replace(one, questions=tuple(before[topic])) if (topic := one.id.rpartition(".")[0]) in chosen else one
        for one in read_articles()
    ]


def fit(knowledge: Knowledge, questions: Sequence[Question], more: Sequence[Knowledge] = ()) -> dict[str, Any]:
    """Weights of the blend (conditional logit over passages) and of the confidence (logistic regression). more: the same articles, as
    they are when some were asked before: the blend is fitted on all of them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    topics = np.array([topic_of(chunk.passage.source) for chunk in knowledge.index.chunks])
    seen = [knowledge.index.look(one.text, one.locale) for one in questions]
    cases = [(look, one) for look, one in zip(seen, questions, strict=True) if one.topic]
    for other in more:
        cases += [(other.index.look(one.text, one.locale), one) for one in questions if one.topic]
    blend = fit_blend([(features(look.signals), right_passages(look, topics, one)) for look, one in cases])
    rows, right = [], []
    for look, one in zip(seen, questions, strict=True):
        again = Seen(look.question, look.locale, look.vector, look.signals, scored(look.signals, blend), look.foreign)
        order = knowledge.ranked(again, 3)
        rows.append(confidence_features(again, order))
        right.append(topics[order[0]] == one.topic)
    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=5_000, fit_intercept=False)
    held_out = cross_val_predict(model, np.array(rows), right, cv=5, method="predict_proba")[:, 1]
    answerable = np.array([one.topic is not None for one in questions])
    # Where as many answerable questions are kept as unanswerable ones refused, on predictions that didn't see them.
    steps = np.linspace(0.05, 0.95, 91)
    threshold = min(
        steps, key=lambda at: abs(np.mean(held_out[answerable] >= at) - np.mean(held_out[~answerable] < at))
    )
    model.fit(np.array(rows), right)
    return {
        "ranking": _named(FEATURES, blend),
        "confidence": _named(CONFIDENCE, model.coef_[0]),
        "threshold": round(float(threshold), 2),
    }


def _named(names: Sequence[str], values: npt.ArrayLike) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, np.asarray(values), strict=True)}


def right_passages(look: Seen, topics: npt.NDArray[Any], question: Question) -> npt.NDArray[np.bool_]:
    """(n,) passages that should come first: those in the reader's language if there are any."""
    right: npt.NDArray[np.bool_] = topics == question.topic
    own = right & (look.signals[:, OWN] > 0)
    return own if own.any() else right


def fit_blend(cases: Sequence[tuple[Float32, npt.NDArray[np.bool_]]], penalty: float = 0.001) -> Float32:
    """Conditional logit (McFadden 1974): the weights under which right passages are most probable. penalty: on squares, a question."""
    from scipy.optimize import minimize

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        total, slope = 0.0, np.zeros(len(weights))
        for rows, right in cases:
            score = rows @ weights
            score -= score.max()
            chance = np.exp(score)
            all_chance, right_chance = chance.sum(), chance[right].sum()
            total += float(np.log(all_chance) - np.log(right_chance))
            slope += rows.T @ (chance / all_chance) - rows[right].T @ (chance[right] / right_chance)
        return total / len(cases) + penalty * float(weights @ weights), slope / len(cases) + 2 * penalty * weights

    found = minimize(loss, np.ones(cases[0][0].shape[1]), jac=True, method="L-BFGS-B")
    return np.asarray(found.x, np.float32)


def ranking_figures(orders: Sequence[Sequence[str]], questions: Sequence[Question]) -> dict[str, float]:
    """orders: topics of the three best sources of each question."""
    pairs = [(order, one) for order, one in zip(orders, questions, strict=True) if one.topic]
    cross = [(order, one) for order, one in pairs if one.cross]
    return {
        "hit_at_1": float(np.mean([order[0] == one.topic for order, one in pairs])),
        "hit_at_3": float(np.mean([one.topic in order[:3] for order, one in pairs])),
        "cross_language_hit_at_3": float(np.mean([one.topic in order[:3] for order, one in cross])),
    }


def alone(knowledge: Knowledge, questions: Sequence[Question], names: Sequence[str]) -> dict[str, float]:
    """The figures if passages are ranked by these signals alone."""
    orders = []
    for one in questions:
        look = knowledge.index.look(one.text, one.locale)
        only = Seen(
            look.question,
            look.locale,
            look.vector,
            look.signals,
            look.signals[:, [SIGNALS.index(name) for name in names]].sum(axis=1),
        )
        orders.append([topic_of(knowledge.index.chunks[place].passage.source) for place in knowledge.ranked(only, 3)])
    return ranking_figures(orders, questions)


def measure(knowledge: Knowledge, questions: Sequence[Question]) -> Figures:
    orders, times, confident = [], [], []
    for one in questions:
        begun = time.perf_counter()
        orders.append([topic_of(passage.source) for passage in knowledge.search(one.text, one.locale, 3)])
        times.append(1_000 * (time.perf_counter() - begun))
        confident.append(knowledge.answer(one.text, one.locale).confident)
    answerable = np.array([one.topic is not None for one in questions])
    sure = np.array(confident)
    return {
        **ranking_figures(orders, questions),
        "unanswerable_refused": float(np.mean(~sure[~answerable])),
        "answerable_kept": float(np.mean(sure[answerable])),
        "query_p95_ms": float(np.percentile(times, 95)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="fit the weights on the development part and write them")
    parser.add_argument(
        "--part", default="scored", choices=("dev", "scored"), help="which questions the figures are of"
    )
    chosen = parser.parse_args()
    if chosen.fit:
        write_fitted(read_questions("dev"))
    knowledge = Knowledge.of(read_articles())
    questions = read_questions(chosen.part)
    peers = {
        "words alone": alone(knowledge, questions, ("words",)),
        "glossary alone": alone(knowledge, questions, ("concepts",)),
        "words and glossary": alone(knowledge, questions, ("words", "concepts")),
        "vectors alone": alone(knowledge, questions, ("title", "sentence", "whole")),
    }
    told = Knowledge.of(asked(1.0))
    peers["articles with eight earlier wordings"] = dict(measure(told, questions))
    peers["half of the articles with them"] = dict(measure(Knowledge.of(asked(0.5)), questions))
    print_report("retrieval", measure(knowledge, questions), peers)


if __name__ == "__main__":
    main()
