"""BERT in torch, read from a Hugging Face folder's config.json and model.safetensors. Training only; knows no shop.

Devlin et al. 2019; RoBERTa (Liu et al. 2019) differs in where positions begin. Written here because training touches its inside
(LoRA, adapters, noise on embeddings) and because the exported graph must take any batch and length.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from regulars.errors import DamagedModel, InvalidInput

ARCHITECTURES = {"bert": 0, "roberta": 2, "xlm-roberta": 2, "camembert": 2}
"""model_type in config.json, and the number of the first position."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What config.json says of the network."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    kinds: int
    norm_epsilon: float
    first_position: int

    @classmethod
    def read(cls, folder: Path) -> Shape:
        """Raises InvalidInput for another architecture, DamagedModel for an unreadable file."""
        try:
            document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            kind = str(document.get("model_type"))
            if kind not in ARCHITECTURES or document.get("hidden_act", "gelu") != "gelu":
                raise InvalidInput(
                    f"The text encoder in {folder} is of the kind {kind}.",
                    hint=f"Name one of the kinds {', '.join(ARCHITECTURES)}, with GELU.",
                    field="text_encoder",
                )
            return cls(
                int(document["hidden_size"]),
                int(document["num_hidden_layers"]),
                int(document["num_attention_heads"]),
                int(document["intermediate_size"]),
                int(document["vocab_size"]),
                int(document["max_position_embeddings"]),
                int(document["type_vocab_size"]),
                float(document["layer_norm_eps"]),
                ARCHITECTURES[kind],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedModel(f"The text encoder's config.json in {folder} can't be read: {error}") from error


class Bert(nn.Module):
    """Token numbers (batch, length), 1 where there is a token (batch, length) → hidden states (batch, length, width)."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.words, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.kinds = nn.Embedding(shape.kinds, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=shape.norm_epsilon)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        """(batch, length) → (batch, length, width): the words alone, to which noise may be added."""
        embedded: torch.Tensor = self.words(tokens)
        return embedded

    def forward(
        self,
        tokens: torch.Tensor,
        present: torch.Tensor,
        kinds: torch.Tensor | None = None,
        embedded: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """kinds: (batch, length) 0 or 1, which of a pair's texts a token belongs to. embedded: in place of `embed`."""
        words = self.embed(tokens) if embedded is None else embedded
        places = torch.arange(tokens.shape[1], device=tokens.device) + self.shape.first_position
        if kinds is None or self.shape.kinds < 2:
            kinds = torch.zeros_like(tokens)
        x = self.dropout(self.norm(words + self.positions(places)[None] + self.kinds(kinds)))
        mask = (1.0 - present[:, None, None, :].to(x.dtype)) * -1e4
        for layer in self.layers:
            x = layer(x, mask)
        out: torch.Tensor = x
        return out


class Layer(nn.Module):
    """Attention and a two-layer perceptron, each added and normalised after (post-norm, as BERT was trained)."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.attended = nn.Linear(width, width)
        self.norm_attention = nn.LayerNorm(width, eps=shape.norm_epsilon)
        self.inward, self.outward = nn.Linear(width, shape.inner), nn.Linear(shape.inner, width)
        self.norm_mlp = nn.LayerNorm(width, eps=shape.norm_epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        query, key, value = (
            part(x).view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        mixed = F.scaled_dot_product_attention(query, key, value, mask.to(query.dtype))
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        x = self.norm_attention(x + self.dropout(self.attended(mixed)))
        out: torch.Tensor = self.norm_mlp(x + self.dropout(self.outward(F.gelu(self.inward(x)))))
        return out


def read_bert(folder: Path, dropout: float = 0.0) -> Bert:
    """The network with its weights. Raises InvalidInput, DamagedModel."""
    from safetensors.torch import load_file

    bert = Bert(Shape.read(folder), dropout)
    try:
        weights = load_file(folder / "model.safetensors")
    except Exception as error:
        raise DamagedModel(f"The text encoder's weights in {folder} can't be read: {error}") from error
    missing, _ = bert.load_state_dict(_renamed(weights), strict=False)
    if missing:
        raise DamagedModel(f"The text encoder in {folder} lacks the weights {', '.join(missing[:3])} …")
    return bert


_PARTS = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "attended",
    "attention.output.LayerNorm": "norm_attention",
    "intermediate.dense": "inward",
    "output.dense": "outward",
    "output.LayerNorm": "norm_mlp",
}
_EMBEDDINGS = {
    "embeddings.word_embeddings": "words",
    "embeddings.position_embeddings": "positions",
    "embeddings.token_type_embeddings": "kinds",
    "embeddings.LayerNorm": "norm",
}


def _renamed(weights: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Hugging Face's names → ours. What has no place here (a pooler, a language model's head) is left out."""
    out = {}
    for name, value in weights.items():
        for model in ("bert.", "roberta."):
            name = name.removeprefix(model)
        part, _, ending = name.rpartition(".")
        ending = {"gamma": "weight", "beta": "bias"}.get(ending, ending)
        if part in _EMBEDDINGS:
            out[f"{_EMBEDDINGS[part]}.{ending}"] = value.float()
        elif part.startswith("encoder.layer."):
            number, _, inner = part.removeprefix("encoder.layer.").partition(".")
            if inner in _PARTS:
                out[f"layers.{number}.{_PARTS[inner]}.{ending}"] = value.float()
    return out
