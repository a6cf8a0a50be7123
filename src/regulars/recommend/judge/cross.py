"""The cross-encoder: reads what a customer looked at and one candidate together, and says how likely they choose it.

Too slow to serve (each pair is a pass of the network), it teaches the bi-encoder and re-ranks offline. Training only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from regulars.language.adapters import learned, merge
from regulars.language.bert import Bert, read_bert
from regulars.language.bert_tuning import prepare
from regulars.language.text_encoders import read_tokenizer
from regulars.recommend.dataset import Float32, Histories, Int64
from regulars.recommend.judge.pairs import Judgements, figures, judgements
from regulars.recommend.judge.settings import JudgeSettings
from regulars.recommend.judge.training import Lessons, Progress, silent
from regulars.recommend.judge.wrote import TITLES_READ, customer_text
from regulars.recommend.sources._neighbours import Neighbours

CASES = 8
"""Groups a step."""
LESSONS = 400
"""Groups that the teacher judges for its pupil, at most."""


class CrossEncoder(nn.Module):
    """A pair's tokens → one logit, (batch,), from the first token's state: is it chosen?"""

    def __init__(self, bert: Bert) -> None:
        super().__init__()
        self.bert = bert
        self.head = nn.Linear(bert.shape.width, 1)

    def forward(self, tokens: torch.Tensor, present: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        states = self.bert(tokens, present, kinds).float()
        out: torch.Tensor = self.head(states[:, 0])[:, 0]
        return out


class Teacher:
    """A cross-encoder with its tokenizer. Scores pairs of texts; doesn't know where they come from."""

    def __init__(self, folder: Path, settings: JudgeSettings) -> None:
        bert = read_bert(folder, settings.dropout)
        prepare(
            bert, "full" if settings.method == "frozen" else settings.method, settings.lora_rank, settings.adapter_width
        )
        self.network = CrossEncoder(bert)
        self.settings = settings
        self.tokenizer = read_tokenizer(folder, settings.tokens * (TITLES_READ + 2))

    def logits(self, pasts: Sequence[str], candidates: Sequence[str]) -> torch.Tensor:
        """(pairs,) with gradients where the network trains. pasts, candidates: (pairs,) texts."""
        encoded = self.tokenizer.encode_batch(list(zip(pasts, candidates, strict=True)))
        longest = max(len(one.ids) for one in encoded)
        tokens = torch.zeros((len(encoded), longest), dtype=torch.int64)
        kinds, present = torch.zeros_like(tokens), torch.zeros((len(encoded), longest))
        for row, one in enumerate(encoded):
            tokens[row, : len(one.ids)] = torch.tensor(one.ids)
            kinds[row, : len(one.ids)] = torch.tensor(one.type_ids)
            present[row, : len(one.ids)] = 1
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
            out: torch.Tensor = self.network(tokens, present, kinds)
        return out.float()

    @torch.no_grad()
    def judge(self, texts: Sequence[str], cases: Judgements) -> Float32:
        """(cases, c) logits of each case's candidates: to re-rank a list offline, or to teach."""
        self.network.eval()
        out = np.zeros(cases.candidates.shape, np.float32)
        for begin in range(0, len(cases), CASES):
            index = np.arange(begin, min(begin + CASES, len(cases)))
            out[index] = self._of(texts, cases.chosen(index)).numpy()
        return out

    def _of(self, texts: Sequence[str], cases: Judgements) -> torch.Tensor:
        columns = cases.candidates.shape[1]
        pasts = [customer_text(texts, past, cases.titles) for past in cases.pasts for _ in range(columns)]
        candidates = [texts[item] for item in cases.candidates.ravel().tolist()]
        return self.logits(pasts, candidates).view(len(cases), columns)

    def train(
        self, texts: Sequence[str], cases: Judgements, held: Judgements, seed: int, progress: Progress
    ) -> dict[str, object]:
        """Binary cross-entropy on the candidates of each case, until settings.teacher_seconds or epochs are over."""
        settings, started = self.settings, time.monotonic()
        generator = np.random.default_rng(seed)
        rate = 5e-5 if settings.method in ("full", "frozen") else 5e-4
        parameters = [p for p in self.network.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=settings.weight_decay)
        labels = torch.zeros(cases.candidates.shape)
        labels[:, 0] = 1.0
        history: list[dict[str, float]] = []
        step, stopped = 0, "epochs"
        for epoch in range(settings.epochs):
            order, total, count = generator.permutation(len(cases)), 0.0, 0
            for begin in range(0, len(order), CASES):
                self.network.train()
                index = order[begin : begin + CASES]
                done = (time.monotonic() - started) / settings.teacher_seconds
                for group in optimizer.param_groups:
                    group["lr"] = rate * min(1.0, (step + 1) / max(settings.warmup_steps, 1)) * max(0.05, 1 - done)
                loss = F.binary_cross_entropy_with_logits(self._of(texts, cases.chosen(index)), labels[index])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
                nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
                step, total, count = step + 1, total + float(loss.detach()), count + 1
                if time.monotonic() - started > settings.teacher_seconds:
                    stopped = "time"
                    break
            seconds = round(time.monotonic() - started, 2)
            entry = {"step": float(step), "epoch": epoch + 1.0, "loss": total / max(count, 1)}
            history.append({**entry, **figures(self.judge(texts, held)), "seconds": seconds})
            progress(0.0, f"teacher: loss {entry['loss']:.3f}, AUC {history[-1]['auc']:.4f}")
            if stopped == "time":
                break
        count = learned(self.network)
        merge(self.network.bert)
        return {"history": history, "stopped": stopped, "learned": count}


def teach(
    texts: Sequence[str],
    histories: Histories,
    learners: Int64,
    held: Judgements,
    near: Neighbours,
    folder: Path,
    settings: JudgeSettings,
    seed: int,
    progress: Progress | None,
) -> tuple[Lessons, dict[str, object]]:
    """Train a cross-encoder, then let it judge groups for its pupil. texts, histories: with searches, see wrote.py."""
    teacher = Teacher(folder, settings)
    cases = judgements(histories, learners, near, seed + 1, any_step=True)
    report = teacher.train(texts, cases, held, seed, progress or silent)
    generator = np.random.default_rng(seed + 2)
    chosen = np.sort(generator.choice(len(cases), min(LESSONS, len(cases)), replace=False))
    lessons = cases.chosen(chosen)
    return Lessons(lessons, teacher.judge(texts, lessons)), report
