"""Trains the causal transformer behind sources/sequence.py, with torch, and exports it to ONNX. Training only: serving
never imports this module. It doesn't know products or the blend: items, their text vectors and people's orders are all.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Read when torch's OpenMP is loaded. By default its threads wait for one another by spinning: on a busy machine that
# burns the very time that they wait for (docs/experiments.md).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import torch.nn.functional as F
from torch import nn

from regulars.errors import NotEnoughData
from regulars.recommend.dataset import Float32, Histories, Int32, Int64
from regulars.recommend.metrics import ndcg_at, recall_at
from regulars.recommend.sequence_augment import altered, contrast
from regulars.recommend.sequence_network import Content, Dropout, Network, export_member
from regulars.recommend.sources.sequence import Member

Progress = Callable[[float, str], None]
EachEpoch = Callable[[dict[str, float]], None]


@dataclass(frozen=True, slots=True)
class SequenceSettings:
    """One set of defaults for every shop. What must adapt does so by rule:

    length: steps read; None = the 95th percentile of the histories' lengths, within 20 to 100. negatives: shared by a
    batch; where at most this many items occur, all of them are used (full softmax). epochs and patience bound the training by
    validation, max_seconds by the clock (a run that the clock ends isn't reproducible to the bit; the report says so).
    Seven minutes: texts, export and blend included, a training then stays under ten even beside other work.
    batch: windows a step; None = a sixty-fourth of them, within 16 to 256, so that a small shop's epoch isn't a handful of steps. average: decay per step of the running mean of the weights, which is what is kept.
    id_dropout: share of ids hidden, so that an item can be known by its text alone. term_dropout: share of the terms
    hidden, so that no single one of them becomes an id. contrast: weight of the loss by which two altered copies of a
    history are read alike (sequence_augment.py), 0 = without. threads: of torch;
    None = one, or as many as there are cores, whichever makes a step sooner: where other work keeps the cores busy, threads
    that wait for one another took twelve times as long as one (docs/experiments.md).
    """

    width: int = 128
    layers: int = 2
    heads: int = 4
    length: int | None = None
    dropout: float = 0.4
    id_dropout: float = 0.15
    term_dropout: float = 0.2
    contrast: float = 0.0
    negatives: int = 2_048
    negative_power: float = 0.5
    batch: int | None = None
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_steps: int = 100
    average: float = 0.998
    epochs: int = 60
    patience: int = 5
    max_seconds: float = 420.0
    threads: int | None = None
    min_people: int = 50
    min_targets: int = 200


@dataclass(frozen=True, slots=True)
class Holdout:
    """Validation cases. items: histories, each oldest first; targets: (cases,) what came next."""

    items: Sequence[Int32]
    targets: Int32


@dataclass(frozen=True, slots=True)
class Trained:
    """member: for serving. length: steps read. epochs: kept. history: per epoch {"loss", "ndcg_at_10", …, "seconds"}.
    stopped: "patience", "epochs" or "time".
    """

    member: Member
    length: int
    epochs: int
    history: list[dict[str, float]]
    stopped: str


@dataclass(frozen=True, slots=True)
class Windows:
    """Pieces of histories. items: flat; offsets: (windows + 1,); trained: (flat,) is this step a target to learn?
    weights: (flat,) how much it counts.
    """

    items: Int64
    offsets: Int64
    trained: npt.NDArray[np.bool_]
    weights: Float32

    def __len__(self) -> int:
        return len(self.offsets) - 1


def windows_of(histories: Histories, length: int) -> Windows:
    """Cut histories into windows of at most length + 1 steps, counted from the latest, which overlap by one step.

    Immediate repeats are one step (a look, a cart and a purchase of one thing), at the strongest of them. A step back
    to something the person had before is read but not learned: what is asked of the model is what comes new.
    """
    people = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))
    items, strengths = histories.items.astype(np.int64), histories.strengths
    if len(items) == 0:
        return Windows(items, np.zeros(1, np.int64), np.zeros(0, np.bool_), np.zeros(0, np.float32))
    starts = np.ones(len(items), np.bool_)
    starts[1:] = (items[1:] != items[:-1]) | (people[1:] != people[:-1])
    begin = np.flatnonzero(starts)
    strengths = np.maximum.reduceat(strengths, begin)
    items, people = items[begin], people[begin]
    first_time = np.zeros(len(items), np.bool_)
    _, first = np.unique(people * (int(items.max()) + 1) + items, return_index=True)
    first_time[first] = True
    bounds = np.flatnonzero(np.concatenate([[True], people[1:] != people[:-1], [True]]))
    pieces: list[tuple[int, int]] = []
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        while end - start >= 2:
            pieces.append((max(start, end - length - 1), end))
            end = max(start, end - length - 1) + 1
    lengths = np.array([end - start for start, end in pieces], np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    starts_of = np.array([start for start, _ in pieces], np.int64)
    flat = np.arange(offsets[-1]) + np.repeat(starts_of - offsets[:-1], lengths) if pieces else np.zeros(0, np.int64)
    return Windows(items[flat], offsets, first_time[flat], np.sqrt(strengths[flat]).astype(np.float32))


def train_sequence(
    content: Content,
    histories: Histories,
    holdout: Holdout | None,
    settings: SequenceSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    start: Mapping[str, Float32] | None = None,
    length: int | None = None,
    each_epoch: EachEpoch | None = None,
) -> Trained:
    """Train one network and export it.

    content: what is written about all items. holdout: cases for early stopping, none of them in `histories`;
    None = exactly settings.epochs epochs. progress: called with the share done, 0 to 1, and a line of text. start: the state of a
    network to go on from, of these items in this order, and length: that network's. each_epoch: called with each entry of
    the history; what it raises ends the training and goes through.

    Loss: softmax over the target and shared negatives drawn by popularity^negative_power, each logit less log of its
    expected count (Bengio & Senécal 2008; "logQ", Yi et al. 2019). Raises NotEnoughData.
    """
    settings = settings or SequenceSettings()
    length = length or settings.length or length_for(histories)
    windows = windows_of(histories, length)
    targets = int(windows.trained.sum()) - int(windows.trained[windows.offsets[:-1]].sum()) if len(windows) else 0
    if len(windows) < settings.min_people or targets < settings.min_targets:
        raise NotEnoughData(
            f"There are {len(windows)} histories with {targets} steps to learn from.",
            hint=f"A sequence model needs {settings.min_people} histories and {settings.min_targets} steps.",
            field="histories",
        )
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads or 1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            training = _Training(content, windows, holdout, settings, length, seed, progress, start)
            training.each_epoch = each_epoch
            return training.run()
    finally:
        torch.set_num_threads(threads)


def length_for(histories: Histories) -> int:
    """The 95th percentile of the histories' lengths, within 20 to 100: longer ones pay little, cost by the square."""
    lengths = np.diff(histories.offsets)
    return int(np.clip(math.ceil(np.quantile(lengths, 0.95)) if len(lengths) else 20, 20, 100))


class _Training:
    each_epoch: EachEpoch | None = None

    def __init__(
        self,
        content: Content,
        windows: Windows,
        holdout: Holdout | None,
        settings: SequenceSettings,
        length: int,
        seed: int,
        progress: Progress | None,
        start: Mapping[str, Float32] | None,
    ) -> None:
        self.settings, self.length, self.windows, self.holdout = settings, length, windows, holdout
        self.progress = progress or _silent
        self.generator = np.random.default_rng(seed)
        self.size = len(content)
        self.batch = settings.batch or int(np.clip(len(windows) // 64, 16, 256))
        popularity = np.bincount(windows.items, minlength=self.size).astype(np.float64)
        self.network = Network(content, settings, length, popularity > 0)
        if start is not None:
            self.network.load_state_dict({name: torch.from_numpy(value) for name, value in start.items()})
        shared = np.random.Generator(np.random.SFC64(seed))
        for module in self.network.modules():
            if isinstance(module, Dropout):
                module.generator = shared
        self.average = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        # Never drawn: being the wrong answer each time would push a new product's text away from everybody.
        shares = np.where(popularity > 0, popularity**settings.negative_power, 0.0)
        self.shares = shares / shares.sum()
        self.present = np.flatnonzero(popularity)
        self.full = len(self.present) <= settings.negatives
        # Half of a full softmax's time is one large product, which bfloat16 makes in a quarter of the time.
        self.bfloat16 = self.full and self.size > 4_096 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)
        self.step = 0

    def run(self) -> Trained:
        settings, started = self.settings, time.monotonic()
        history: list[dict[str, float]] = []
        best_epoch, best_score, best = 0, -1.0, self.average
        stopped = "epochs"
        for epoch in range(1, settings.epochs + 1):
            loss = self._epoch(started)
            seconds = time.monotonic() - started
            entry = {"epoch": float(epoch), "loss": loss, "seconds": round(seconds, 2)}
            if self.holdout is not None:
                ranks = self._ranks(self.holdout)
                entry |= {"ndcg_at_10": ndcg_at(ranks, 10), "recall_at_10": recall_at(ranks, 10)}
            history.append(entry)
            score = entry.get("ndcg_at_10", float(epoch))
            if score > best_score:
                best_epoch, best_score = epoch, score
                best = {name: value.clone() for name, value in self.average.items()}
            done = max(epoch / settings.epochs, seconds / settings.max_seconds)
            self.progress(min(done, 1.0), _line(entry))
            if self.each_epoch is not None:
                self.each_epoch(entry)
            if epoch - best_epoch >= settings.patience:
                stopped = "patience"
                break
            if seconds + seconds / epoch > settings.max_seconds:
                stopped = "time" if epoch < settings.epochs else "epochs"
                break
        self.network.load_state_dict(best)
        return Trained(export_member(self.network), self.length, best_epoch, history, stopped)

    def _epoch(self, started: float) -> float:
        self.network.train()
        total, count = 0.0, 0
        threads = _Threads() if self.settings.threads is None else None
        for items, trained, weights in self._batches():
            if threads is not None:
                threads.before_step()
            for group in self.optimizer.param_groups:
                group["lr"] = self.settings.learning_rate * min(1.0, (self.step + 1) / self.settings.warmup_steps)
            loss = self._loss(items, trained, weights)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            self._update_average()
            total, count = total + float(loss.detach()), count + 1
            if time.monotonic() - started > self.settings.max_seconds:
                break
        return total / max(count, 1)

    def _update_average(self) -> None:
        # Early weights are far off: the window grows with the steps until it has its full width.
        decay = min(self.settings.average, self.step / (self.step + 10))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)

    def _batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Windows of like length together, in random order: (batch, longest) items, −1 where a window has ended."""
        lengths = np.diff(self.windows.offsets)
        order = np.argsort(lengths + self.generator.random(len(lengths)) * 2, kind="stable")
        batches = [order[i : i + self.batch] for i in range(0, len(order), self.batch)]
        for index in self.generator.permutation(len(batches)):
            chosen = batches[index]
            longest = int(lengths[chosen].max())
            at = self.windows.offsets[chosen][:, None] + np.arange(longest)
            inside = np.arange(longest) < lengths[chosen][:, None]
            at = np.where(inside, at, 0)
            items = np.where(inside, self.windows.items[at], -1)
            trained = inside & self.windows.trained[at]
            yield torch.from_numpy(items), torch.from_numpy(trained), torch.from_numpy(self.windows.weights[at])

    def _loss(self, items: torch.Tensor, trained: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        settings = self.settings
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            if self.full:
                candidates, correction = torch.from_numpy(self.present), None
            else:
                drawn = self.generator.choice(self.size, settings.negatives, p=self.shares)
                present = np.unique(np.concatenate([drawn, items[items >= 0].numpy()]))
                candidates = torch.from_numpy(present)
                expected = settings.negatives * self.shares[drawn]
                correction = torch.from_numpy(np.log(expected).astype(np.float32))
            vectors = self.network.items(candidates)
            place = torch.searchsorted(candidates, items.clamp(min=0))
            entered = vectors[place[:, :-1]] * (items[:, :-1] >= 0)[..., None]
            learned = trained[:, 1:]
            expected_vectors = self.network.encoder(entered)[learned]
            directions = F.normalize(vectors, dim=-1, eps=1e-6)
            target_place = place[:, 1:][learned]
            if correction is None:
                logits = (expected_vectors @ directions.T).float() * self.network.temperature
                losses = F.cross_entropy(logits, target_place, reduction="none")
            else:
                losses = self._sampled(expected_vectors, directions, candidates, target_place, drawn, correction)
        counted = weights[:, 1:][learned]
        loss = (losses * counted).sum() / counted.sum()
        if self.settings.contrast:
            loss = loss + self.settings.contrast * self._contrast(items, vectors, candidates)
        return loss

    def _contrast(self, items: torch.Tensor, vectors: torch.Tensor, candidates: torch.Tensor) -> torch.Tensor:
        views = []
        for _ in range(2):
            view = torch.from_numpy(altered(items[:, :-1].numpy(), self.generator))
            entered = vectors[torch.searchsorted(candidates, view.clamp(min=0))] * (view >= 0)[..., None]
            views.append(self.network.encoder(entered, last_only=True)[:, -1].float())
        return contrast(views[0], views[1])

    def _sampled(
        self,
        expected: torch.Tensor,
        directions: torch.Tensor,
        candidates: torch.Tensor,
        target_place: torch.Tensor,
        drawn: npt.NDArray[np.int64],
        correction: torch.Tensor,
    ) -> torch.Tensor:
        drawn_place = torch.searchsorted(candidates, torch.from_numpy(drawn))
        temperature = self.network.temperature
        negative = (expected @ directions[drawn_place].T).float() * temperature - correction
        negative = negative.masked_fill(target_place[:, None] == drawn_place[None, :], -1e9)
        positive = (expected * directions[target_place]).float().sum(-1) * temperature
        own = np.log(self.settings.negatives * self.shares[candidates[target_place].numpy()]).astype(np.float32)
        positive = positive - torch.from_numpy(own)
        return torch.logaddexp(positive, negative.logsumexp(-1)) - positive

    @torch.no_grad()
    def _ranks(self, holdout: Holdout) -> npt.NDArray[np.int64]:
        """Place of each target among all items, those in its history taken out."""
        current = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.network.eval()
        vectors = self.network.items(torch.arange(self.size))
        directions = F.normalize(vectors, dim=-1, eps=1e-6)
        ranks = np.zeros(len(holdout.targets), np.int64)
        lengths = np.array([min(len(items), self.length) for items in holdout.items])
        order = np.argsort(lengths, kind="stable")
        for start in range(0, len(order), 512):
            chosen = order[start : start + 512]
            padded = np.zeros((len(chosen), int(lengths[chosen].max())), np.int64)
            for row, case in enumerate(chosen):
                padded[row, : lengths[case]] = holdout.items[case][-self.length :]
            expected = self.network.encoder(vectors[torch.from_numpy(padded)])
            last = expected[torch.arange(len(chosen)), torch.from_numpy(lengths[chosen] - 1)]
            scores = last @ directions.T
            target = torch.from_numpy(holdout.targets[chosen].astype(np.int64))
            own = scores[torch.arange(len(chosen)), target].clone()
            for row, case in enumerate(chosen):
                scores[row, torch.from_numpy(holdout.items[case].astype(np.int64))] = -torch.inf
            # Not `>`: a network that ran off to NaN would rank all its targets first and be kept as the best.
            ranks[chosen] = (~(scores <= own[:, None])).sum(-1).numpy()
        self.network.load_state_dict(current)
        return ranks


class _Threads:
    """Tries one thread and many at the beginning of an epoch, and goes on with what was faster: other work comes and goes."""

    TRIED = 3

    def __init__(self) -> None:
        self.choices = sorted({1, min(os.cpu_count() or 1, 8)})
        self.plan = [choice for choice in self.choices for _ in range(self.TRIED)] if len(self.choices) > 1 else []
        self.seconds: dict[int, float] = {}
        self.running: int | None = None
        self.started = 0.0

    def before_step(self) -> None:
        now = time.perf_counter()
        if self.running is not None:
            # The fastest of a choice's steps: the first with new threads also pays for making them.
            self.seconds[self.running] = min(self.seconds.get(self.running, math.inf), now - self.started)
            self.running = None
        if self.plan:
            self.running = self.plan.pop(0)
            torch.set_num_threads(self.running)
        elif self.seconds:
            torch.set_num_threads(min(self.seconds, key=lambda choice: self.seconds[choice]))
            self.seconds = {}
        self.started = now


def _silent(done: float, text: str) -> None:  # noqa: ARG001
    return None


def _line(entry: dict[str, float]) -> str:
    text = f"epoch {entry['epoch']:.0f}: loss {entry['loss']:.3f}"
    return text + (f", NDCG@10 {entry['ndcg_at_10']:.4f}" if "ndcg_at_10" in entry else "")
