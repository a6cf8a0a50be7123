"""Llama in torch, read from a GGUF file and written back into one. Training only; knows no shop.

Touvron et al. 2023; SmolLM2 (Allal et al. 2025) is one of these. Rotations pair neighbouring numbers, as GGUF files keep them, so
that nothing is permuted on the way in or out. Parts that training adds are folded into the weights before writing.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from torch import nn

from regulars.errors import DamagedModel, InvalidInput

BEGIN, END = "<|im_start|>", "<|im_end|>"
_CONTROL = 3
"""A token's type in a GGUF file: it stands for no text."""


@dataclass(frozen=True, slots=True)
class LlamaShape:
    """What the file says of the network."""

    width: int
    layers: int
    heads: int
    key_heads: int
    inner: int
    words: int
    rotation_base: float
    norm_epsilon: float

    @property
    def head_width(self) -> int:
        return self.width // self.heads


class Llama(nn.Module):
    """Token numbers (batch, length) → hidden states (batch, length, width). The words' table is also the last layer (tied)."""

    def __init__(self, shape: LlamaShape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.words, shape.width)
        self.layers = nn.ModuleList(LlamaLayer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Each place sees those before it alone; padding therefore belongs at the end."""
        turn = _turns(tokens.shape[1], self.shape, tokens.device)
        x = self.words(tokens)
        for layer in self.layers:
            x = layer(x, turn)
        out: torch.Tensor = self.norm(x)
        return out

    def scores(self, hidden: torch.Tensor) -> torch.Tensor:
        """(…, width) → (…, words): of what comes next, before the softmax."""
        return F.linear(hidden, self.words.weight)


class LlamaLayer(nn.Module):
    """Attention with fewer keys than queries, and a gated two-layer perceptron; each normalised before, added after."""

    def __init__(self, shape: LlamaShape) -> None:
        super().__init__()
        self.shape = shape
        width, keys = shape.width, shape.key_heads * shape.head_width
        self.norm_attention = nn.RMSNorm(width, eps=shape.norm_epsilon)
        self.query = nn.Linear(width, width, bias=False)
        self.key, self.value = nn.Linear(width, keys, bias=False), nn.Linear(width, keys, bias=False)
        self.attended = nn.Linear(width, width, bias=False)
        self.norm_mlp = nn.RMSNorm(width, eps=shape.norm_epsilon)
        self.mlp: nn.Module = Gated(width, shape.inner)

    def forward(self, x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        batch, length, width = x.shape
        told = self.norm_attention(x)
        query = _turned(self._heads(self.query(told)), turn)
        key = _turned(self._heads(self.key(told)), turn)
        mixed = _attended(query, key, self._heads(self.value(told)))
        x = x + self.attended(mixed.transpose(1, 2).reshape(batch, length, width))
        out: torch.Tensor = x + self.mlp(self.norm_mlp(x))
        return out

    def _heads(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(*x.shape[:2], -1, self.shape.head_width).transpose(1, 2)


class Gated(nn.Module):
    """x ↦ outward(silu(gate x) · inward x), Shazeer 2020."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate, self.inward = nn.Linear(width, inner, bias=False), nn.Linear(width, inner, bias=False)
        self.outward = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.outward(F.silu(self.gate(x)) * self.inward(x))
        return out


def _turns(length: int, shape: LlamaShape, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """(cosines, sines), each (length, half of a head's width): Su et al. 2021."""
    half = torch.arange(0, shape.head_width, 2, device=device, dtype=torch.float32) / shape.head_width
    angles = torch.arange(length, device=device, dtype=torch.float32)[:, None] / shape.rotation_base ** half[None]
    return angles.cos(), angles.sin()


def _turned(x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """(batch, heads, length, head width), each pair of neighbours rotated by its place's angle."""
    cos, sin = turn
    pairs = x.float().reshape(*x.shape[:-1], -1, 2)
    first, second = pairs[..., 0], pairs[..., 1]
    return torch.stack((first * cos - second * sin, first * sin + second * cos), -1).flatten(-2).to(x.dtype)


def _attended(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """(batch, heads, length, head width) of queries, fewer heads of keys and values → as the queries; each place sees those before it.

    Written out because torch's own is slow backwards on a processor: at 18 × 170 tokens a training step takes 5.2 s with it.
    """
    batch, heads, length, width = query.shape
    groups = key.shape[1]
    grouped = query.reshape(batch, groups, heads // groups * length, width)  # all queries of a key head at once
    scores = (grouped @ key.transpose(-1, -2)).view(batch, groups, heads // groups, length, length) / math.sqrt(width)
    later = torch.ones(length, length, dtype=torch.bool, device=query.device).triu(1)
    weights = scores.masked_fill(later, float("-inf")).softmax(-1).to(value.dtype)
    out: torch.Tensor = weights.view(batch, groups, heads // groups * length, length) @ value
    return out.view(batch, heads, length, width)


# From the file, and back.

_PARTS = {
    "attn_norm": "norm_attention",
    "attn_q": "query",
    "attn_k": "key",
    "attn_v": "value",
    "attn_output": "attended",
    "ffn_norm": "norm_mlp",
    "ffn_gate": "mlp.gate",
    "ffn_up": "mlp.inward",
    "ffn_down": "mlp.outward",
}


def read_llama(path: Path) -> tuple[Llama, Tokenizer]:
    """The network, in 32-bit numbers whatever the file keeps, and its tokenizer. Raises InvalidInput, DamagedModel."""
    from gguf import GGUFReader, dequantize

    reader, told = _opened(GGUFReader, path)
    shape = _shape(told, path)
    weights = {}
    for tensor in reader.tensors:
        name = _our_name(tensor.name)
        if name is not None:
            values = dequantize(tensor.data, tensor.tensor_type)
            weights[name] = torch.from_numpy(values.copy()).float()
    network = Llama(shape)
    missing, _ = network.load_state_dict(weights, strict=False)
    if missing:
        raise DamagedModel(f"{path.name} lacks the weights {', '.join(missing[:3])} …")
    return network, _tokenizer(told)


def write_llama(network: Llama, source: Path, target: Path, note: Mapping[str, str] | None = None) -> None:
    """The network as a GGUF file in 8-bit blocks (Q8_0), with the tokenizer and template of the file it came from.

    note: texts to keep in the file's head. Written beside and moved into place, so that no half file stands there.
    """
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, quantize

    reader, told = _opened(GGUFReader, source)
    beside = target.with_name(f".{target.name}.unfinished")
    writer = GGUFWriter(beside, "llama")
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in (
            "general.architecture",
            "general.file_type",
            "llama.feed_forward_length",
        ):
            continue
        kind = field.types[0]
        writer.add_key_value(name, told[name], kind, field.types[-1] if len(field.types) > 1 else None)
    gate = network.get_submodule("layers.0.mlp.gate")
    assert isinstance(gate, nn.Linear)
    writer.add_feed_forward_length(gate.out_features)
    writer.add_file_type(7)  # mostly Q8_0
    for name, text in (note or {}).items():
        writer.add_string(f"regulars.{name}", text)
    weights = network.state_dict()
    for tensor in reader.tensors:
        ours = _our_name(tensor.name)
        if ours is None:
            continue
        values = weights[ours].detach().float().cpu().numpy()
        if values.ndim == 1:
            writer.add_tensor(tensor.name, values)
        else:
            kind = GGMLQuantizationType.Q8_0
            writer.add_tensor(tensor.name, quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    shutil.move(beside, target)


def _opened(kind: Any, path: Path) -> tuple[Any, dict[str, Any]]:
    try:
        reader = kind(path)
        return reader, {name: field.contents() for name, field in reader.fields.items()}
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise DamagedModel(f"{path.name} can't be read as a GGUF file: {error}", file=str(path)) from error


def _shape(told: Mapping[str, Any], path: Path) -> LlamaShape:
    kind = told.get("general.architecture")
    if kind != "llama" or told.get("tokenizer.ggml.model") != "gpt2":
        raise InvalidInput(
            f"{path.name} holds a network of the kind {kind!r}.",
            hint="Only Llama networks with a byte-pair tokenizer can be tuned.",
        )
    try:
        return LlamaShape(
            int(told["llama.embedding_length"]),
            int(told["llama.block_count"]),
            int(told["llama.attention.head_count"]),
            int(told["llama.attention.head_count_kv"]),
            int(told["llama.feed_forward_length"]),
            len(told["tokenizer.ggml.tokens"]),
            float(told["llama.rope.freq_base"]),
            float(told["llama.attention.layer_norm_rms_epsilon"]),
        )
    except KeyError as error:
        raise DamagedModel(f"{path.name} doesn't say {error}.") from error


def _our_name(name: str) -> str | None:
    """A GGUF file's name of a tensor → ours; None for what has no place here."""
    if name == "token_embd.weight":
        return "words.weight"
    if name == "output_norm.weight":
        return "norm.weight"
    block, _, rest = name.removeprefix("blk.").partition(".")
    part, _, ending = rest.partition(".")
    return f"layers.{block}.{_PARTS[part]}.{ending}" if name.startswith("blk.") and part in _PARTS else None


def _tokenizer(told: Mapping[str, Any]) -> Tokenizer:
    """Byte-pair encoding; each digit by itself, as SmolLM2 was trained."""
    words: Sequence[str] = told["tokenizer.ggml.tokens"]
    merges = [tuple(one.split(" ", 1)) for one in told["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({word: number for number, word in enumerate(words)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [word for word, kind in zip(words, told["tokenizer.ggml.token_type"], strict=True) if kind == _CONTROL]
    tokenizer.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in control])
    return tokenizer
