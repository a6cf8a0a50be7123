"""Makes `subjects.safetensors` of `subjects.jsonl`: the subjects' vectors, and the matrix that brings wordings of one subject together.

    python -m benchmarks.subjects

The matrix is learned by contrast (InfoNCE, van den Oord et al. 2018): a wording is to be nearer to another line of its own subject, in either
language, than to lines of the other subjects in the batch. It begins as the identity and is held near it by weight decay.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from regulars.assist.knowledge import subjects as shipped
from regulars.assist.knowledge.subjects import Subject, read_subjects
from regulars.assist.knowledge.words import is_chinese
from regulars.language.sentence_vectors import sentence_encoder

Float32 = npt.NDArray[np.float32]

STEPS, BATCH, RATE, DECAY, DROPOUT, TEMPERATURE = 400, 64, 1e-3, 1e-3, 0.3, 0.07
TEXT_SHARE = 0.6  # of the pairs are wording and text, the others two wordings


def lines(subjects: Sequence[Subject]) -> tuple[Float32, npt.NDArray[Any], npt.NDArray[np.int64]]:
    """(m, dims) of every line without the mean of its kind and language, (m,) its kind, (m,) its subject's place."""
    some = [(kind, text, place) for place, one in enumerate(subjects) for kind, text in one.lines()]
    vectors = sentence_encoder().encode([text for _, text, _ in some])
    groups = np.array([f"{kind}.{is_chinese(text)}" for kind, text, _ in some])
    for group in np.unique(groups):
        vectors[groups == group] -= vectors[groups == group].mean(axis=0)
    kinds = np.array([kind for kind, _, _ in some])
    return _unit(vectors), kinds, np.array([place for _, _, place in some])


def learned(vectors: Float32, kinds: npt.NDArray[Any], owner: npt.NDArray[np.int64], seed: int = 0) -> Float32:
    """(dims, dims) what is added to a vector is the vector times this."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    draw = np.random.default_rng(seed)
    n = int(owner.max()) + 1
    asked = [np.flatnonzero((owner == place) & (kinds == "question")) for place in range(n)]
    told = [np.flatnonzero((owner == place) & (kinds != "question")) for place in range(n)]
    matrix = torch.nn.Parameter(torch.zeros(vectors.shape[1], vectors.shape[1]))
    optimizer = torch.optim.AdamW([matrix], lr=RATE, weight_decay=DECAY)
    known = torch.tensor(vectors)

    def mapped(places: npt.NDArray[np.int64]) -> torch.Tensor:
        one = known[torch.from_numpy(places)]
        return torch.nn.functional.normalize(one + torch.nn.functional.dropout(one, DROPOUT) @ matrix, dim=1)

    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATE * min(1.0, step / 50) * (1 - step / STEPS)
        chosen = np.repeat(draw.choice(n, min(BATCH, n), replace=False), 2)
        left = np.array([draw.choice(asked[place]) for place in chosen])
        right = np.array([draw.choice((told if draw.random() < TEXT_SHARE else asked)[place]) for place in chosen])
        same = torch.from_numpy((chosen[:, None] == chosen) & (left[:, None] != right))
        itself = torch.from_numpy(left[:, None] == right)
        likeness = (mapped(left) @ mapped(right).T / TEMPERATURE).masked_fill(itself, -1e4)
        loss = torch.zeros(())
        for axis in (0, 1):
            chance = torch.log_softmax(likeness, axis).masked_fill(~same, -1e4).logsumexp(axis)
            loss = loss - chance[chance > -1e3].mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
    return np.asarray(matrix.detach().numpy(), np.float32)


def write(subjects: Sequence[Subject]) -> None:
    """Put them where they are read from. A byte a number: the largest of a row is 127."""
    vectors, adapter = _made(subjects)
    name = sentence_encoder().name
    small = np.round(127 * vectors / np.abs(vectors).max(axis=1, keepdims=True)).astype(np.int8)
    folder = Path(shipped.__file__).parent
    save_file({f"{name}/lines": small, f"{name}/adapter": adapter.astype(np.float16)}, folder / shipped.VECTORS)
    shipped.known_subjects.cache_clear()


def _made(subjects: Sequence[Subject]) -> tuple[Float32, Float32]:
    vectors, kinds, owner = lines(subjects)
    adapter = learned(vectors, kinds, owner)
    return _unit(vectors + vectors @ adapter), adapter


def _unit(vectors: Float32) -> Float32:
    unit: Float32 = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)).astype(np.float32)
    return unit


if __name__ == "__main__":
    write(read_subjects())
