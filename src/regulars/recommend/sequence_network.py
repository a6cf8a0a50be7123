"""The network behind sources/sequence.py: item vectors, a causal transformer, and its way out as NumPy arrays and ONNX.

Torch; serving never imports this module. It doesn't know how it is trained.
"""

from __future__ import annotations

import logging
import math
import warnings
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
import torch
import torch.nn.functional as F
from torch import nn

from regulars.recommend.dataset import Float32
from regulars.recommend.sources.sequence import Member


class NetworkSettings(Protocol):
    """What the network's shape depends on; see SequenceSettings."""

    @property
    def width(self) -> int: ...
    @property
    def layers(self) -> int: ...
    @property
    def heads(self) -> int: ...
    @property
    def dropout(self) -> float: ...
    @property
    def id_dropout(self) -> float: ...
    @property
    def term_dropout(self) -> float: ...


class Encoder(nn.Module):
    """Item vectors (batch, length, d), oldest first → the vectors expected after each step, (batch, length, d).

    Pre-norm causal transformer (Vaswani et al. 2017; Xiong et al. 2020) with a learned bias per head and distance in
    place of positions (Raffel et al. 2020): what matters is how long ago a step was, whatever the history's length.
    """

    def __init__(self, settings: NetworkSettings, length: int) -> None:
        super().__init__()
        d = settings.width
        self.heads = settings.heads
        self.inward = nn.LayerNorm(d)
        self.dropout = Dropout(settings.dropout)
        self.distance_bias = nn.Parameter(torch.zeros(settings.heads, length))
        self.blocks = nn.ModuleList(Block(d, settings.heads, settings.dropout) for _ in range(settings.layers))
        self.outward = nn.LayerNorm(d)

    def forward(self, vectors: torch.Tensor, last_only: bool = False) -> torch.Tensor:
        """last_only: returns (batch, 1, d), what is expected after the last step."""
        length = vectors.shape[1]
        steps = torch.arange(length, device=vectors.device)
        return self.read(vectors, steps[:, None] - steps[None, :], slice(-1, None) if last_only else None)

    def read(self, vectors: torch.Tensor, distance: torch.Tensor, kept: slice | torch.Tensor | None) -> torch.Tensor:
        """distance: (length, length) how many steps before each the others are, negative for those it doesn't see. kept: the steps
        after which the expected vector is wanted; None = all.
        """
        bias = self.distance_bias[:, distance.clamp(min=0)]
        bias = bias.masked_fill((distance < 0)[None], -1e9)
        x = self.dropout(self.inward(vectors))
        for number, block in enumerate(self.blocks):
            x = block(x, bias, kept if number == len(self.blocks) - 1 else None)
        expected: torch.Tensor = F.normalize(self.outward(x), dim=-1, eps=1e-6)
        return expected


class Dropout(nn.Module):
    """Dropout (Srivastava et al. 2014) from random bytes: torch's own draws took a third of a step on two cores.

    The rate is rounded to 1/256. Bytes come from one generator a training, so runs repeat.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.threshold = round(rate * 256)
        self.generator = np.random.Generator(np.random.SFC64(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.threshold == 0:
            return x
        drawn = np.frombuffer(bytearray(self.generator.bytes(x.numel())), dtype=np.uint8)
        kept = torch.from_numpy(drawn).view(x.shape) >= self.threshold
        scaled: torch.Tensor = x * (kept.to(x.dtype) * (256 / (256 - self.threshold)))
        return scaled


class Block(nn.Module):
    """Attention and a two-layer perceptron, each on a normalised copy and added back."""

    def __init__(self, d: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_mlp = nn.LayerNorm(d), nn.LayerNorm(d)
        self.query_key_value = nn.Linear(d, 3 * d)
        self.project = nn.Linear(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), Dropout(dropout), nn.Linear(4 * d, d))
        self.dropout = Dropout(dropout)

    def forward(self, x: torch.Tensor, bias: torch.Tensor, kept: slice | torch.Tensor | None = None) -> torch.Tensor:
        """x: (batch, length, d); bias: (heads, length, length). kept: returns (batch, kept, d), of these steps alone, for
        which the others' queries and perceptrons aren't needed.
        """
        batch, length, d = x.shape
        split = self.query_key_value(self.norm_attention(x)).view(batch, length, 3, self.heads, d // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        if kept is not None:
            query, bias, x = query[:, :, kept], bias[:, kept], x[:, kept]
            length = x.shape[1]
        attention = (query @ key.transpose(-1, -2)) / math.sqrt(d // self.heads) + bias
        mixed = self.dropout(attention.softmax(-1)) @ value
        x = x + self.dropout(self.project(mixed.transpose(1, 2).reshape(batch, length, d)))
        out: torch.Tensor = x + self.dropout(self.mlp(self.norm_mlp(x)))
        return out


@dataclass(frozen=True, slots=True)
class Content:
    """What is written about n items. vectors: (n, dims) short; terms: (n, v) CSR, TF-IDF of words and pieces."""

    vectors: Float32
    terms: Any

    @classmethod
    def of(cls, vectors: Float32) -> Content:
        """Short vectors alone."""
        return cls(vectors, sparse.csr_matrix((len(vectors), 0), dtype=np.float32))

    def __len__(self) -> int:
        return len(self.vectors)


class ItemVectors(nn.Module):
    """Item vector = id embedding + linear(text vector) + Σ term's TF-IDF · term's own vector. In training a share of the
    ids and of the terms is hidden.

    The short vector says at once what is alike; which words matter to buyers (a brand, a strength, a size) is learned
    term by term. An item nobody touched has nothing to learn an id from: it is its text alone, as items added later are.
    """

    known: torch.Tensor

    def __init__(self, content: Content, settings: NetworkSettings, known: npt.NDArray[np.bool_]) -> None:
        """content: of n items; known: (n,) does the item occur in a history?"""
        super().__init__()
        texts, terms = content.vectors, content.terms.tocsr()
        self.texts = torch.from_numpy(texts)
        self.term_offsets = torch.from_numpy(terms.indptr.astype(np.int64))
        self.term_indices = torch.from_numpy(terms.indices.astype(np.int64))
        self.term_weights = torch.from_numpy(terms.data.astype(np.float32))
        self.terms = nn.Parameter(torch.zeros(terms.shape[1], settings.width))
        self.term_dropout = settings.term_dropout
        self.register_buffer("known", torch.from_numpy(known.astype(np.float32))[:, None], persistent=False)
        self.ids = nn.Parameter(torch.randn(len(texts), settings.width) * 0.02)
        self.project = nn.Linear(texts.shape[1], settings.width, bias=False)
        self.id_dropout = settings.id_dropout

    def forward(self, items: torch.Tensor) -> torch.Tensor:
        """items: (m,) → (m, d)."""
        ids = self.ids[items] * self.known[items]
        if self.training:
            ids = ids * (torch.rand(len(items), 1) >= self.id_dropout)
        vectors: torch.Tensor = ids + self.project(self.texts[items]) + self._of_terms(items)
        return vectors

    def _of_terms(self, items: torch.Tensor) -> torch.Tensor:
        starts = self.term_offsets[items]
        lengths = self.term_offsets[items + 1] - starts
        offsets = torch.cumsum(lengths, 0) - lengths
        flat = torch.arange(int(lengths.sum())) + torch.repeat_interleave(starts - offsets, lengths)
        if len(flat) == 0:
            return torch.zeros(len(items), self.terms.shape[1])
        weights = self.term_weights[flat]
        if self.training and self.term_dropout:
            weights = weights * (torch.rand(len(weights)) >= self.term_dropout) / (1 - self.term_dropout)
        summed: torch.Tensor = F.embedding_bag(
            self.term_indices[flat], self.terms, offsets, mode="sum", per_sample_weights=weights
        )
        return summed


class Network(nn.Module):
    """Both parts and the temperature of the cosine."""

    def __init__(
        self, content: Content, settings: NetworkSettings, length: int, known: npt.NDArray[np.bool_] | None = None
    ) -> None:
        super().__init__()
        known = np.ones(len(content), np.bool_) if known is None else known
        self.items = ItemVectors(content, settings, known)
        self.encoder = Encoder(settings, length)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(14.0)))

    @property
    def temperature(self) -> torch.Tensor:
        return self.log_temperature.clamp(max=math.log(100.0)).exp()


class _LastStep(nn.Module):
    """What serving needs: the vector expected after the last step only."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        expected: torch.Tensor = self.encoder(vectors, last_only=True)[:, -1]
        return expected


class _LeftOut(nn.Module):
    """What is expected after several histories that differ in what was left out of one, in one pass: what they share is read once."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, vectors: torch.Tensor, distance: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        expected: torch.Tensor = self.encoder.read(vectors, distance, last)[0]
        return expected


@torch.no_grad()
def export_member(network: Network) -> Member:
    """The network as NumPy arrays and an ONNX graph, for sources/sequence.py. All rows of a batch have one length."""
    network.eval()
    vectors = network.items(torch.arange(len(network.items.texts))).numpy().copy()
    projection = network.items.project.weight.detach().T.contiguous().numpy().copy()
    example = torch.from_numpy(vectors[np.arange(6) % len(vectors)])
    batch, length, steps, wanted = (torch.export.Dim(name) for name in ("batch", "length", "steps", "wanted"))
    graph = _exported(
        _LastStep(network.encoder), {"vectors": example.view(2, 3, -1)}, {"vectors": {0: batch, 1: length}}
    )
    row = torch.arange(6)
    left_out = _exported(
        _LeftOut(network.encoder),
        {"vectors": example[None], "distance": (row[:, None] - row[None, :]).clamp(max=2), "last": row[2:4]},
        {"vectors": {1: steps}, "distance": {0: steps, 1: steps}, "last": {0: wanted}},
    )
    state = {name: value.numpy().copy() for name, value in network.state_dict().items()}
    return Member(
        vectors,
        projection,
        # Half precision is what is stored: rounding now makes a loaded member equal to the trained one.
        state["items.terms"].astype(np.float16).astype(np.float32),
        float(network.temperature),
        graph,
        state,
        left_out,
    )


def _exported(module: nn.Module, inputs: dict[str, torch.Tensor], shapes: dict[str, dict[int, Any]]) -> bytes:
    """The module as an ONNX graph with these inputs and the output "expected". shapes: which of their dimensions may differ."""
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    with warnings.catch_warnings():
        # The exporter warns of its own deprecated internals and of packages that this graph doesn't need.
        warnings.simplefilter("ignore")
        exporter_log.setLevel(logging.ERROR)
        program = torch.onnx.export(
            module,
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=["expected"],
            dynamic_shapes=shapes,
            dynamo=True,
            verbose=False,
        )
        assert program is not None
    exporter_log.setLevel(level)
    return bytes(program.model_proto.SerializeToString())
