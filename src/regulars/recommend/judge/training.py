"""Fine-tunes the encoder on what people looked at and chose: the bi-encoder that serves. Training only; knows no store.

The loss is a softmax over all items (InfoNCE, van den Oord et al. 2018): of neighbouring things in a history, which is the
other one? The batch's items are encoded afresh, the others' vectors are those of their last encoding (Wang et al. 2020,
"cross-batch memory"), so that thousands of wrong answers cost one product. Each logit has popularity added while training
("logit adjustment", Menon et al. 2021; the mirror image of logQ), so that vectors needn't say what is popular.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import torch.nn.functional as F
from torch import nn

from regulars.errors import NotEnoughData
from regulars.language.adapters import learned, merge
from regulars.language.bert import Bert, read_bert
from regulars.language.bert_tuning import prepare
from regulars.language.text_encoders import read_tokenizer
from regulars.recommend.dataset import Float32, Histories, Int64, Vocabulary
from regulars.recommend.judge.augment import augmented
from regulars.recommend.judge.pairs import (
    Judgements,
    figures,
    histories_rows,
    judgements,
    neighbour_pairs,
    split_people,
)
from regulars.recommend.judge.settings import JudgeSettings
from regulars.recommend.judge.wrote import looked_at, with_searches
from regulars.recommend.sources._neighbours import Neighbours

Progress = Callable[[float, str], None]


class BiEncoder(nn.Module):
    """Token numbers (batch, length) and where there are any → unit vectors (batch, width): mean pooling, then a linear head
    that begins as the identity; see `whiten`.
    """

    def __init__(self, bert: Bert) -> None:
        super().__init__()
        self.bert = bert
        self.head = nn.Linear(bert.shape.width, bert.shape.width)
        with torch.no_grad():
            self.head.weight.copy_(torch.eye(bert.shape.width))
            self.head.bias.zero_()

    @torch.no_grad()
    def whiten(self, pooled: torch.Tensor) -> None:
        """Set the head so that these vectors, (m, width), have no common direction and like spread in all (Su et al. 2021).

        What a shop's titles have in common ("for hair", a brand's style) fills a pretrained encoder's vectors; taken out, what
        tells two products apart is left. The mean is drawn towards 0 and the covariance towards
        a sphere, the more the fewer vectors there are.
        """
        width = self.head.in_features
        unit = F.normalize(pooled.double(), dim=-1)
        share = width / (width + len(unit))
        mean = (1 - share) * unit.mean(0)
        centred = unit - mean
        covariance = centred.T @ centred / max(len(unit), 1)
        sphere = torch.eye(width, dtype=torch.float64) * covariance.trace().clamp(min=1e-9) / width
        values, directions = torch.linalg.eigh((1 - share) * covariance + share * sphere)
        weight = directions @ torch.diag(values.clamp(min=1e-12).rsqrt()) @ directions.T
        # Scaled so that its gradients are of the size that a head beginning as the identity would have.
        weight = weight / weight.diagonal().mean()
        self.head.weight.copy_(weight)
        self.head.bias.copy_(-(weight @ mean))

    def directed(self, pooled: torch.Tensor) -> torch.Tensor:
        """Pooled states → unit vectors."""
        return F.normalize(self.head(F.normalize(pooled, dim=-1)), dim=-1)

    def pooled(self, tokens: torch.Tensor, present: torch.Tensor, embedded: torch.Tensor | None = None) -> torch.Tensor:
        """Mean of the hidden states, (batch, width)."""
        states = self.bert(tokens, present, embedded=embedded).float()
        out: torch.Tensor = (states * present[..., None]).sum(1) / present.sum(1, keepdim=True)
        return out

    def forward(self, tokens: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        return self.directed(self.pooled(tokens, present))


@dataclass(frozen=True, slots=True)
class Taught:
    """encoder: trained, LoRA merged. vectors: (n, width) unit rows. report: for the version (see `train_judge`)."""

    encoder: BiEncoder
    vectors: Float32
    folder: Path
    report: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lessons:
    """Groups that a teacher has judged: pasts newest first, (groups, c) candidates, (groups, c) its logits."""

    cases: Judgements
    logits: Float32


def train_judge(
    vocabulary: Vocabulary,
    histories: Histories,
    near: Neighbours,
    folder: Path,
    settings: JudgeSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Taught:
    """Train the bi-encoder; with settings.teacher_seconds a cross-encoder first, which teaches it.

    near: the items' text neighbours, of which hard wrong answers are drawn. folder: of the pretrained encoder.
    The report: "history", per check {"step", "epoch", "loss", "accuracy", "auc", "seconds"}, the first before any learning;
    "stopped" ("epochs", "patience" or "time"), "learned" numbers, "seconds", "teacher" likewise.
    Raises NotEnoughData, InvalidInput, DamagedModel.
    """
    settings = settings or JudgeSettings()
    learners, held = split_people(histories, settings.held_share, settings.held_people, seed)
    if len(learners) < settings.min_people:
        raise NotEnoughData(
            f"{len(learners)} people chose two things or more.",
            hint=f"A judge of interest needs {settings.min_people}.",
            field="histories",
        )
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            texts, together = with_searches(vocabulary.texts, histories)
            held_cases = judgements(together, held, near, seed)
            lessons, taught = None, None
            if settings.teacher_seconds > 0:
                from regulars.recommend.judge.cross import teach

                lessons, taught = teach(texts, together, learners, held_cases, near, folder, settings, seed, progress)
            rows = histories_rows(together, learners, settings.longest)
            trainer = _Training(texts, rows, held_cases, lessons, folder, settings, seed, progress)
            result = trainer.run()
            if taught is not None:
                result.report["teacher"] = taught
            return result
    finally:
        torch.set_num_threads(threads)


def silent(done: float, line: str) -> None:
    """Progress that nobody follows."""


class Texts:
    """Token numbers of texts, cut to `longest`."""

    def __init__(self, texts: Sequence[str], folder: Path, longest: int) -> None:
        self.texts = list(texts)
        self.tokenizer = read_tokenizer(folder, longest)
        self.tokens: list[list[int]] = [one.ids for one in self.tokenizer.encode_batch(self.texts)]
        self.lengths = np.array([len(one) for one in self.tokens], np.int64)

    def padded(self, tokens: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """(batch, longest) token numbers, and 1 where there is one."""
        longest = max(map(len, tokens))
        numbers = torch.zeros((len(tokens), longest), dtype=torch.int64)
        present = torch.zeros((len(tokens), longest))
        for row, one in enumerate(tokens):
            numbers[row, : len(one)] = torch.tensor(one)
            present[row, : len(one)] = 1.0
        return numbers, present


@dataclass(slots=True)
class _Piece:
    """Texts of like length. places: of theirs in the batch. embedded, shift: of their words, for adversarial training."""

    places: Int64
    numbers: torch.Tensor
    present: torch.Tensor
    embedded: torch.Tensor | None = None
    shift: torch.Tensor | None = None


class _Training:
    def __init__(
        self,
        texts: Sequence[str],
        rows: list[Int64],
        held: Judgements,
        lessons: Lessons | None,
        folder: Path,
        settings: JudgeSettings,
        seed: int,
        progress: Progress | None,
    ) -> None:
        self.settings, self.rows, self.held, self.lessons, self.folder = settings, rows, held, lessons, folder
        self.progress: Progress = progress or silent
        self.generator = np.random.default_rng(seed)
        self.texts = Texts(texts, folder, settings.tokens)
        self.titles = held.titles
        bert = read_bert(folder, settings.dropout)
        prepare(bert, settings.method, settings.lora_rank, settings.adapter_width)
        self.encoder = BiEncoder(bert)
        popularity = np.bincount(np.concatenate(rows), minlength=len(texts)).astype(np.float32)
        popularity[self.titles :] = 0  # a search is nobody's answer
        # Who is never anybody's answer is no wrong answer either: its text would be pushed away from everybody.
        self.present = np.flatnonzero(popularity)
        self.place = np.full(len(texts), -1, np.int64)
        self.place[self.present] = np.arange(len(self.present))
        self.adjustment = torch.from_numpy(settings.popularity * np.log(popularity[self.present]))
        self.frozen = settings.method == "frozen"
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.encoder.parameters() if p.requires_grad and p.ndim > 1]},
            {"params": [p for p in self.encoder.parameters() if p.requires_grad and p.ndim <= 1], "weight_decay": 0.0},
        ]
        rate = settings.rate
        self.optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=settings.weight_decay)

    def run(self) -> Taught:
        settings, started = self.settings, time.monotonic()
        self.base = torch.from_numpy(self._pooled_all())
        self.encoder.whiten(self.base[torch.from_numpy(self.present)])
        with torch.no_grad():
            self.vectors = self.encoder.directed(self.base).numpy()
        self.bank = torch.from_numpy(self.vectors[self.present].copy())
        batches = math.ceil(len(self.rows) / settings.people)
        check = max(1, batches // settings.checks)
        self.begun = time.monotonic()
        history = [{"step": 0.0, "epoch": 0.0, **self._judged(self.vectors), "seconds": 0.0}]
        best, best_auc, since, stopped = self._state(), history[0]["auc"], 0, "epochs"
        step, total, count = 0, 0.0, 0
        steps = batches * settings.epochs
        while step < steps:
            if step % batches == 0:
                order = self.generator.permutation(len(self.rows))
            begin = step % batches * settings.people
            spent = time.monotonic() - self.begun
            done = max(step / steps, spent / settings.max_seconds)
            loss = self._step([self.rows[at] for at in order[begin : begin + settings.people]], step, min(done, 1.0))
            step, total, count = step + 1, total + loss, count + 1
            over = time.monotonic() - self.begun > settings.max_seconds
            if step % check == 0 or step == steps or over:
                entry = {"step": float(step), "epoch": step / batches, "loss": total / count}
                entry |= self._judged(self._held_vectors()) | {"seconds": round(time.monotonic() - self.begun, 2)}
                history.append(entry)
                total, count = 0.0, 0
                self.progress(min(done, 1.0), f"judge: loss {entry['loss']:.3f}, AUC {entry['auc']:.4f}")
                since += 1
                if len(self.held) == 0 or entry["auc"] > best_auc:
                    best, best_auc, since = self._state(), entry["auc"], 0
                if over or (settings.patience and since >= settings.patience):
                    stopped = "time" if over else "patience"
                    break
        self.encoder.load_state_dict(best, strict=False)
        merge(self.encoder.bert)
        self.vectors = self._all()[: self.titles]
        report: dict[str, object] = {
            "method": settings.method,
            "history": history,
            "stopped": stopped,
            "learned": learned(self.encoder),
            "seconds": round(time.monotonic() - started, 2),
        }
        return Taught(self.encoder, self.vectors, self.folder, report)

    def _state(self) -> dict[str, torch.Tensor]:
        kept = {name for name, value in self.encoder.named_parameters() if value.requires_grad}
        return {name: value.clone() for name, value in self.encoder.state_dict().items() if name in kept}

    def _step(self, rows: list[Int64], step: int, done: float) -> float:
        settings = self.settings
        self.encoder.train()
        left, right, weights = neighbour_pairs(
            rows, settings.window, settings.window_decay, settings.backward, self.titles
        )
        if len(left) == 0:
            return 0.0
        wanted = [left, right]
        group, chosen = None, np.zeros(0, np.int64)
        if self.lessons is not None and len(self.lessons.cases):
            chosen = self.generator.choice(
                len(self.lessons.cases), min(settings.lessons, len(self.lessons.cases)), False
            )
            group = self.lessons.cases.chosen(chosen)
            wanted += [*group.pasts, group.candidates.ravel()]
        items = np.unique(np.concatenate(wanted))
        rate = settings.rate * min(1.0, (step + 1) / max(settings.warmup_steps, 1)) * max(0.05, 1 - done)
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        pieces = self._pieces(items)
        pairs = left, right, torch.from_numpy(weights)
        vectors = self._encoded(items, pieces)
        loss = self._loss(items, vectors, pairs, group, chosen)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        if settings.noise and not self.frozen:
            # FGM (Miyato et al. 2017): the same again with each text's words moved by ε g / |g|, the worst small change.
            for piece in pieces:
                assert piece.embedded is not None
                assert piece.embedded.grad is not None
                gradient = piece.embedded.grad
                length = gradient.flatten(1).norm(dim=1).clamp(min=1e-9)[:, None, None]
                piece.shift = settings.noise * gradient / length
            self._loss(items, self._encoded(items, pieces), pairs, group, chosen).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_([p for p in self.encoder.parameters() if p.requires_grad], 1.0)
        self.optimizer.step()
        own = torch.from_numpy(self.place[items])
        self.bank[own[own >= 0]] = vectors.detach()[own >= 0]
        return float(loss.detach())

    def _loss(
        self,
        items: Int64,
        vectors: torch.Tensor,
        pairs: tuple[Int64, Int64, torch.Tensor],
        group: Judgements | None,
        chosen: Int64,
    ) -> torch.Tensor:
        settings = self.settings
        left, right, weight = pairs
        table = torch.full((len(self.place),), -1, dtype=torch.int64)
        table[torch.from_numpy(items)] = torch.arange(len(items))
        # All answers from memory, the right one too: were it fresh among stale ones, telling those apart would be learned
        # in place of interest (the vectors then collapse; tried). A head alone has all of them fresh at no cost.
        everything = self._all_fresh() if self.frozen else self.bank
        logits = vectors[table[torch.from_numpy(left)]] @ everything.T / settings.temperature + self.adjustment
        own = self.place[left]
        itself = np.flatnonzero(own >= 0)  # a search is none of the answers
        logits[torch.from_numpy(itself), torch.from_numpy(own[itself])] = -1e4
        losses = F.cross_entropy(logits, torch.from_numpy(self.place[right]), reduction="none")
        loss = (losses * weight).sum() / weight.sum()
        if group is not None and self.lessons is not None:
            loss = loss + settings.lesson_weight * self._lesson(vectors, table, group, self.lessons.logits[chosen])
        return loss

    def _all_fresh(self) -> torch.Tensor:
        return self.encoder.directed(self.base[torch.from_numpy(self.present)])

    def _lesson(self, vectors: torch.Tensor, table: torch.Tensor, group: Judgements, logits: Float32) -> torch.Tensor:
        """Kullback-Leibler divergence of the bi-encoder's choice among the candidates from its teacher's (Hinton et al. 2015)."""
        customers = []
        for read in group.pasts:
            past = looked_at(read, self.titles)  # as it serves
            decay = torch.tensor(self.settings.history_decay ** np.arange(len(past)), dtype=torch.float32)
            customers.append((vectors[table[torch.from_numpy(past)]] * decay[:, None]).sum(0))
        customer = F.normalize(torch.stack(customers), dim=-1)
        candidates = vectors[table[torch.from_numpy(group.candidates)]]
        own = (customer[:, None] * candidates).sum(-1) / self.settings.temperature
        return F.kl_div(own.log_softmax(-1), torch.from_numpy(logits).softmax(-1), reduction="batchmean")

    def _pieces(self, items: Int64) -> list[_Piece]:
        """The items' texts, changed where that is asked for, in pieces of like length."""
        settings, pieces = self.settings, []
        if self.frozen:
            return []
        order = np.argsort(self.texts.lengths[items], kind="stable")
        for begin in range(0, len(order), 64):
            places = order[begin : begin + 64]
            tokens = [self.texts.tokens[item] for item in items[places].tolist()]
            if settings.word_dropout or settings.synonyms:
                texts = [self.texts.texts[item] for item in items[places].tolist()]
                changed = augmented(texts, self.generator, settings.word_dropout, settings.synonyms)
                tokens = [one.ids for one in self.texts.tokenizer.encode_batch(changed)]
            pieces.append(_Piece(places, *self.texts.padded(tokens)))
        return pieces

    def _encoded(self, items: Int64, pieces: list[_Piece]) -> torch.Tensor:
        """(len(items), width) unit vectors, with gradients."""
        if self.frozen:
            return self.encoder.directed(self.base[torch.from_numpy(items)])
        pooled = []
        for piece in pieces:
            embedded = None
            if self.settings.noise:
                embedded = self.encoder.bert.embed(piece.numbers)
                if piece.shift is not None:
                    embedded = embedded + piece.shift
                else:
                    embedded = embedded if embedded.requires_grad else embedded.requires_grad_()
                    embedded.retain_grad()
                    piece.embedded = embedded
            with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
                pooled.append(self.encoder.pooled(piece.numbers, piece.present, embedded))
        order = np.concatenate([piece.places for piece in pieces])
        back = torch.from_numpy(np.argsort(order, kind="stable"))
        return self.encoder.directed(torch.cat(pooled)[back])

    @torch.no_grad()
    def _pooled_all(self, items: Int64 | None = None) -> Float32:
        """Pooled states of these items, of all by default, (m, width)."""
        self.encoder.eval()
        items = np.arange(len(self.texts.tokens)) if items is None else items
        out = np.zeros((len(items), self.encoder.bert.shape.width), np.float32)
        order = np.argsort(self.texts.lengths[items], kind="stable")
        for begin in range(0, len(order), 128):
            chosen = order[begin : begin + 128]
            numbers, present = self.texts.padded([self.texts.tokens[item] for item in items[chosen].tolist()])
            with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
                out[chosen] = self.encoder.pooled(numbers, present).numpy()
        return out

    @torch.no_grad()
    def _all(self) -> Float32:
        pooled = self.base if self.frozen else torch.from_numpy(self._pooled_all())
        return np.asarray(self.encoder.directed(pooled).numpy(), np.float32)

    @torch.no_grad()
    def _held_vectors(self) -> Float32:
        """Fresh vectors of what the held-out cases speak of; the other rows are stale."""
        if self.frozen:
            return self._all()
        if len(self.held):
            items = np.unique(np.concatenate([*self.held.pasts, self.held.candidates.ravel()]))
            pooled = torch.from_numpy(self._pooled_all(items))
            self.vectors[items] = self.encoder.directed(pooled).numpy()
        return self.vectors

    def _judged(self, vectors: Float32) -> dict[str, float]:
        scores = np.zeros(self.held.candidates.shape, np.float32)
        for row, read in enumerate(self.held.pasts):
            past = looked_at(read, self.titles)  # as it serves
            decay = np.asarray(self.settings.history_decay ** np.arange(len(past)), np.float32)
            scores[row] = vectors[self.held.candidates[row]] @ (decay @ vectors[past])
        return figures(scores)
