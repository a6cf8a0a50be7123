"""How well the help centre is searched: benchmarks/helpdesk, an invented shop's articles and questions worded differently.

    python -m benchmarks.retrieval             figures on the scored part
    python -m benchmarks.retrieval --fit       fit the weights, write them
    python -m benchmarks.retrieval --held-out  how they do on topics that they weren't fitted on

Three parts. *vocabulary*: its words went into the glossary, so no figure of it says anything. *dev*: plain questions, the weights are fitted on
it. *scored*: written after the glossary was closed; nothing was chosen on it. Weights are fitted on a second invented shop as well
(`second_*.jsonl`), whose questions are oblique. Beside the whole: its signals alone, over the same passages.
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
from regulars.assist.knowledge.service import CONFIDENCE, RIVALS, Knowledge, confidence_features
from regulars.assist.knowledge.subjects import read_subjects
from regulars.assist.knowledge.words import is_chinese
from regulars.language.sentence_vectors import sentence_encoder

FOLDER = Path(__file__).parent / "helpdesk"
Float32 = npt.NDArray[np.float32]

SECOND_SHARE = 0.35  # of the second shop's questions that weights are fitted on
REFUSED = 0.9  # of the unanswerable questions of both shops; a guess costs more than an offer of a person
UNNAMED = 0.33  # of them, for which no articles are named: a list that doesn't help costs less than a guess


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


def second_articles() -> list[ArticleText]:
    """The second shop's, each in both languages, under the id "topic.locale"."""
    return [
        ArticleText(f"{row['topic']}.{row['locale']}", row["title"], row["body"], row["locale"], tuple(row["tags"]))
        for row in _rows("second_articles")
    ]


def second_questions() -> list[Question]:
    """The second shop's, oblique ones mostly; those that nothing there answers last."""
    return [Question(row["text"], row["locale"], row["topic"], False) for row in _rows("second_questions")]


def write_fitted() -> None:
    """Fit means and weights and put them where they are read from."""
    folder = Path(index.__file__).parent
    questions = read_questions("dev")
    chunks = list(article_chunks([*read_articles(), *second_articles()]))
    said = [text for one in read_subjects() for text in one.wordings]
    said += [one.text for one in (*questions, *second_questions())]
    save_file(centres(chunks, said), folder / vectors.CENTRES)
    vectors.known_centres.cache_clear()
    fitted = fit(looked_at(questions))
    (folder / "weights.json").write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    index.weights.cache_clear()


@dataclass(frozen=True, slots=True)
class Looked:
    """A question, what speaks for each passage, and the passages' topics. group: "dev", "dev, asked before" or "second"."""

    knowledge: Knowledge
    seen: Seen
    question: Question
    topics: npt.NDArray[Any]
    group: str


@dataclass(frozen=True, slots=True)
class Case:
    """One choice that a blend learns from: (n, f) features of passages, (n,) the right ones, (n,) topics. hidden: without the article in
    the question's own language."""

    rows: Float32
    right: npt.NDArray[np.bool_]
    topics: npt.NDArray[Any]
    looked: Looked
    hidden: bool


def looked_at(questions: Sequence[Question]) -> list[Looked]:
    """questions: the development part."""
    before = [one for one in questions if one.topic]
    wanted = [
        ("dev", read_articles(), questions),
        ("dev, asked before", asked(0.5), before),
        ("dev, asked before", asked(1.0), before),
        ("second", second_articles(), second_questions()),
    ]
    found = []
    for group, articles, some in wanted:
        knowledge = Knowledge.of(articles)
        topics = np.array([topic_of(chunk.passage.source) for chunk in knowledge.index.chunks])
        found += [Looked(knowledge, knowledge.index.look(one.text, one.locale), one, topics, group) for one in some]
    return found


def cases(looked: Sequence[Looked]) -> list[Case]:
    """Each answerable question once as it is, and once as if its article were only in the other language, where there is one."""
    found = []
    for one in looked:
        if one.question.topic is None:
            continue
        rows = features(one.seen.signals)
        right: npt.NDArray[np.bool_] = one.topics == one.question.topic
        own = right & (one.seen.signals[:, OWN] > 0)
        found.append(Case(rows, own if own.any() else right, one.topics, one, False))
        if own.any() and (right & ~own).any() and one.group != "dev, asked before":
            found.append(Case(rows[~own], (right & ~own)[~own], one.topics[~own], one, True))
    return found


def centres(chunks: Sequence[Chunk], questions: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """The mean vector of each kind of text in each language, half precision."""
    encoder = sentence_encoder()
    found: dict[str, npt.NDArray[Any]] = {}
    for language in ("en", "zh"):
        passages = [chunk.passage for chunk in chunks if chunk.passage.locale == language]
        texts = {
            "title": [one.title for one in passages],
            "whole": [f"{one.title} {one.text}" for one in passages],
            "sentence": [f"{one.title} {part}" for one in passages for part in sentences(one.text)],
            "question": [text for text in questions if is_chinese(text) == (language == "zh")],
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


def fit(looked: Sequence[Looked]) -> dict[str, Any]:
    """Weights of the blend (conditional logit over passages) and of the confidence (logistic regression)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    blend = fit_blend(mixed(cases(looked)))
    rows, right, sets = [], [], []
    for one in looked:
        if one.group == "dev, asked before":
            continue
        look = replace(one.seen, scores=scored(one.seen.signals, blend))
        order = one.knowledge.ranked(look, RIVALS, twins=True)
        rows.append(confidence_features(look, order))
        right.append(one.question.topic is not None and one.topics[order[0]] == one.question.topic)
        sets.append((one.group == "dev", one.question.topic is not None))
    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=5_000, fit_intercept=False)
    parts = StratifiedKFold(5, shuffle=True, random_state=0)
    held_out = cross_val_predict(model, np.array(rows), right, cv=parts, method="predict_proba")[:, 1]
    dev, answerable = np.array(sets).T
    # On predictions that didn't see them.
    threshold = float(np.quantile(held_out[~answerable], REFUSED))
    kept = np.mean(held_out[dev & answerable] >= threshold)
    print(f"held out: refused {REFUSED}, of dev kept {kept:.3f} at {threshold:.3f}")
    model.fit(np.array(rows), right)
    return {
        "ranking": _named(FEATURES, blend),
        "confidence": _named(CONFIDENCE, model.coef_[0]),
        "threshold": round(threshold, 3),
        "near": round(float(np.quantile(held_out[~answerable], UNNAMED)), 3),
    }


def mixed(some: Sequence[Case], seed: int = 0) -> list[Case]:
    """The second shop has eight times the questions of the development part, and they are harder than most: a share of them."""
    draw = np.random.default_rng(seed)
    return [one for one in some if one.looked.group != "second" or draw.random() < SECOND_SHARE]


def held_out(some: Sequence[Case], folds: int = 5) -> dict[str, dict[str, float]]:
    """hit@1 and hit@3 by group, on topics that the weights weren't fitted on."""
    topics = sorted({one.looked.question.topic or "" for one in some})
    fold = dict(zip(np.random.default_rng(0).permutation(topics), np.arange(len(topics)) % folds, strict=True))
    ranks: dict[str, list[int]] = {}
    for number in range(folds):
        weights = fit_blend(mixed([one for one in some if fold[one.looked.question.topic or ""] != number]))
        for one in some:
            if fold[one.looked.question.topic or ""] != number:
                continue
            scores = one.rows @ weights
            above = set(one.topics[scores > scores[one.topics == one.looked.question.topic].max()])
            names = [f"{one.looked.group}, in the other language only" if one.hidden else one.looked.group]
            names += ["dev, over languages"] if one.looked.group == "dev" and one.looked.question.cross else []
            for name in names:
                ranks.setdefault(name, []).append(len(above))
    return {
        name: {"hit_at_1": float(np.mean(np.array(some) < 1)), "hit_at_3": float(np.mean(np.array(some) < 3))}
        for name, some in ranks.items()
    }


def _named(names: Sequence[str], values: npt.ArrayLike) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, np.asarray(values), strict=True)}


def fit_blend(some: Sequence[Case], penalty: float = 0.0005) -> Float32:
    """Conditional logit (McFadden 1974): the weights under which right passages are most probable. penalty: on squares, a question."""
    from scipy.optimize import minimize

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        total, slope = 0.0, np.zeros(len(weights))
        for one in some:
            rows, right = one.rows, one.right
            score = rows @ weights
            score -= score.max()
            chance = np.exp(score)
            all_chance, right_chance = chance.sum(), chance[right].sum()
            total += float(np.log(all_chance) - np.log(right_chance))
            slope += rows.T @ (chance / all_chance) - rows[right].T @ (chance[right] / right_chance)
        return total / len(some) + penalty * float(weights @ weights), slope / len(some) + 2 * penalty * weights

    found = minimize(loss, np.ones(some[0].rows.shape[1]), jac=True, method="L-BFGS-B")
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
    orders, times, confident, offered = [], [], [], []
    for one in questions:
        begun = time.perf_counter()
        orders.append([topic_of(passage.source) for passage in knowledge.search(one.text, one.locale, 3)])
        times.append(1_000 * (time.perf_counter() - begun))
        answer = knowledge.answer(one.text, one.locale)
        confident.append(answer.confident)
        # What the customer gets: one answer, or up to three articles to choose from, or neither.
        offered.append(
            {topic_of(passage.source) for passage in (answer.passages[:1] if answer.confident else answer.near)}
        )
    answerable = np.array([one.topic is not None for one in questions])
    sure = np.array(confident)
    pairs = list(zip(questions, offered, strict=True))
    return {
        **ranking_figures(orders, questions),
        "unanswerable_refused": float(np.mean(~sure[~answerable])),
        "answerable_kept": float(np.mean(sure[answerable])),
        "answered_or_named": float(np.mean([one.topic in topics for one, topics in pairs if one.topic])),
        "unanswerable_without_any": float(np.mean([not topics for one, topics in pairs if one.topic is None])),
        "query_p95_ms": float(np.percentile(times, 95)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="fit the weights and write them")
    parser.add_argument("--held-out", action="store_true", help="figures by topics that weights weren't fitted on")
    parser.add_argument(
        "--part", default="scored", choices=("dev", "scored"), help="which questions the figures are of"
    )
    chosen = parser.parse_args()
    if chosen.fit:
        write_fitted()
        return
    if chosen.held_out:
        print(json.dumps(held_out(cases(looked_at(read_questions("dev")))), indent=2))
        return
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
