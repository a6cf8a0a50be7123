"""The sentence encoder's tuning on a shop's own examples, and its graph. Training only: torch. Knows nothing of the other parts.

Each class has a vector that begins as the mean of its examples'; a text should be nearer to its own class's than to the others'
(softmax over cosines, Wang et al. 2018). Tuning all weights forgets least at small rates; LoRA (Hu et al. 2021) learns 2 % of them. Networks that
were tuned from one start in different orders lie so near each other that the mean of their weights is one network, and a better one (model soups,
Wortsman et al. 2022).
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import torch.nn.functional as F
from torch import nn

from regulars.assist.intents.settings import IntentSettings
from regulars.language.adapters import merge
from regulars.language.bert import Bert, read_bert
from regulars.language.bert_export import export_graph
from regulars.language.bert_tuning import prepare
from regulars.language.text_encoders import OnnxTextEncoder, padded, read_tokenizer

Progress = Callable[[float, str], None]
Int64 = npt.NDArray[np.int64]

WARMUP = 0.1
"""Share of the steps in which the rates rise; then they fall linearly to zero."""

TOGETHER = 12
"""Batches that are sorted by length together."""


class SentenceEncoder(nn.Module):
    """Token numbers (batch, length) and where there are any → unit vectors (batch, width): the mean of the hidden states."""

    def __init__(self, bert: Bert) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, tokens: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        states = self.bert(tokens, present).float()
        mean = (states * present[..., None]).sum(1) / present.sum(1, keepdim=True)
        return F.normalize(mean, dim=-1)


def served(encoder: SentenceEncoder, folder: Path, tokens: int) -> OnnxTextEncoder:
    """The encoder as it serves. folder: of the pretrained one, for its tokenizer."""
    graph = export_graph(encoder)
    tokenizer = (folder / "tokenizer.json").read_text(encoding="utf-8")
    return OnnxTextEncoder(graph, tokenizer, tokens, encoder.bert.shape.width, "The intent model's text encoder")


def pretrained(folder: Path, tokens: int) -> OnnxTextEncoder:
    """The encoder as it comes. Raises InvalidInput, DamagedModel."""
    return served(SentenceEncoder(read_bert(folder)).eval(), folder, tokens)


@dataclass(frozen=True, slots=True)
class Tuned:
    """encoder: as it serves, LoRA merged. classes: (k, width) unit vectors, to be compared by cosine / temperature. report: "steps",
    "seconds", "stopped" ("epochs" or "time"), "losses" (the mean of each tenth of the way), of several networks of the last; "networks".
    """

    encoder: OnnxTextEncoder
    classes: npt.NDArray[np.float32]
    report: dict[str, object]


def tuned(
    texts: Sequence[str],
    labels: Int64,
    folder: Path,
    settings: IntentSettings,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tuned:
    """Tune on n texts with (n,) class numbers from 0, each of which occurs. Raises InvalidInput, DamagedModel."""
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            runs = []
            for number in range(settings.networks):
                torch.manual_seed(seed + number)
                runs.append(_Tuning(texts, labels, folder, settings, seed, number, progress))
                runs[-1].run()
            return _mean(runs)
    finally:
        torch.set_num_threads(threads)


class _Tuning:
    def __init__(
        self,
        texts: Sequence[str],
        labels: Int64,
        folder: Path,
        settings: IntentSettings,
        seed: int,
        number: int,
        progress: Progress | None,
    ) -> None:
        """number: of the network, from 0 on."""
        self.settings, self.folder, self.labels, self.progress = settings, folder, labels, progress
        self.number, self.max_seconds = number, settings.max_seconds / settings.networks
        self.report: dict[str, object] = {}
        self.generator = np.random.default_rng(seed if number == 0 else [seed, number])
        tokenizer = read_tokenizer(folder, settings.tokens)
        self.tokens = [one.ids for one in tokenizer.encode_batch(list(texts))]
        bert = read_bert(folder, settings.dropout)
        prepare(bert, settings.method, settings.lora_rank, 0)
        # Half of all numbers, of which a step touches few, but would cost a fifth of its time.
        bert.words.requires_grad_(False)
        self.encoder = SentenceEncoder(bert)
        self.classes = self._begun()

    def run(self) -> None:
        settings, started = self.settings, time.monotonic()
        learned = [p for p in self.encoder.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(
            [{"params": learned, "base": settings.rate}, {"params": [self.classes], "base": settings.head_rate}],
            weight_decay=0.0,
            fused=True,
        )
        steps = max(1, math.ceil(settings.epochs * len(self.tokens) / settings.batch))
        losses: list[list[float]] = [[] for _ in range(10)]
        step, stopped = 0, "epochs"
        waiting: list[Int64] = []
        while step < steps:
            spent = time.monotonic() - started
            if spent > self.max_seconds:
                stopped = "time"
                break
            if not waiting:
                waiting = self._batches()
            chosen = waiting.pop()
            # By the clock where that would end it first: the rates then still reach zero.
            done = min(1.0, max(step / steps, spent / self.max_seconds))
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * min(1.0, (step + 1) / (WARMUP * steps + 1)) * (1 - done)
            loss = self._loss(chosen)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            losses[min(9, int(10 * done))].append(float(loss.detach()))
            step += 1
            if self.progress is not None and step % 10 == 0:
                which = f"network {self.number + 1} of {settings.networks}, " if settings.networks > 1 else ""
                whole = (self.number + done) / settings.networks
                self.progress(whole, f"intents: {which}step {step} of {steps}, loss {float(loss.detach()):.3f}")
        merge(self.encoder.bert)
        self.report = {
            "method": settings.method,
            "steps": step,
            "seconds": round(time.monotonic() - started, 2),
            "stopped": stopped,
            "losses": [round(float(np.mean(part)), 4) for part in losses if part],
        }

    def _batches(self) -> list[Int64]:
        """Every text once, those of like length together: padding would cost more than half of the time."""
        order = self.generator.permutation(len(self.tokens))
        lengths = np.array([len(one) for one in self.tokens])
        size = self.settings.batch
        batches: list[Int64] = []
        for begin in range(0, len(order), size * TOGETHER):
            group = order[begin : begin + size * TOGETHER]
            group = group[np.argsort(lengths[group], kind="stable")]
            batches += [group[at : at + size] for at in range(0, len(group), size)]
        return [batches[at] for at in self.generator.permutation(len(batches)).tolist()]

    def _loss(self, chosen: Int64) -> torch.Tensor:
        self.encoder.train()
        tokens = [self.tokens[at] for at in chosen.tolist()]
        if self.settings.word_dropout:
            tokens = [self._thinned(one) for one in tokens]
        vectors = self._encoded(tokens)
        cosines = vectors @ F.normalize(self.classes, dim=-1).T
        wanted = torch.from_numpy(self.labels[chosen])
        return F.cross_entropy(cosines / self.settings.temperature, wanted, label_smoothing=self.settings.smoothing)

    def _encoded(self, tokens: list[list[int]]) -> torch.Tensor:
        numbers, present = padded(tokens)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
            out: torch.Tensor = self.encoder(torch.from_numpy(numbers), torch.from_numpy(present))
        return out

    def _thinned(self, tokens: list[int]) -> list[int]:
        """Without some of the words; the first and last token mark the text's ends."""
        keep = self.generator.random(len(tokens)) >= self.settings.word_dropout
        keep[[0, -1]] = True
        kept = [token for token, stays in zip(tokens, keep.tolist(), strict=True) if stays]
        return kept if len(kept) > 2 else tokens

    @torch.no_grad()
    def _begun(self) -> nn.Parameter:
        """(classes, width): the mean of each class's examples, of at most 20 of them."""
        self.encoder.eval()
        vectors = torch.zeros((int(self.labels.max()) + 1, self.encoder.bert.shape.width))
        for one in range(len(vectors)):
            members = np.flatnonzero(self.labels == one)[:20]
            if len(members):
                vectors[one] = self._encoded([self.tokens[at] for at in members.tolist()]).mean(0)
        return nn.Parameter(F.normalize(vectors, dim=-1))


@torch.no_grad()
def _mean(runs: Sequence[_Tuning]) -> Tuned:
    """The network whose weights are the mean of these; its class vectors too."""
    last = runs[-1]
    states = [one.encoder.state_dict() for one in runs]
    mean = {
        name: torch.stack([state[name] for state in states]).mean(0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }
    last.encoder.load_state_dict(mean)
    classes = F.normalize(torch.stack([F.normalize(one.classes, dim=-1) for one in runs]).mean(0), dim=-1).numpy()
    seconds = sum(float(str(one.report["seconds"])) for one in runs)
    report = {**last.report, "seconds": round(seconds, 2), "networks": len(runs)}
    return Tuned(served(last.encoder.eval(), last.folder, last.settings.tokens), classes, report)
