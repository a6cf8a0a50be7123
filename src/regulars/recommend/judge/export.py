"""The trained bi-encoder as an ONNX graph, for sources/judge.py. Training only."""

from __future__ import annotations

from dataclasses import asdict

import torch

from regulars.language.bert_export import export_graph
from regulars.recommend.judge.settings import JudgeSettings
from regulars.recommend.judge.training import Taught
from regulars.recommend.sources.judge import JudgeSource


@torch.no_grad()
def export_source(taught: Taught, settings: JudgeSettings) -> JudgeSource:
    """What serves: vectors, graph and tokenizer."""
    tokenizer = (taught.folder / "tokenizer.json").read_text(encoding="utf-8")
    report = {"settings": asdict(settings), **taught.report}
    return JudgeSource(
        taught.vectors,
        export_graph(taught.encoder),
        tokenizer,
        settings.tokens,
        settings.history_decay,
        settings.history_half_life_days,
        report,
    )
