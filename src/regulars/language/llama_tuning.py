"""Tuning a Llama on pairs of a prompt and its answer: which weights, how long, and going on after a kill. Training only: torch.

The loss is the answers' alone. Where an answer is known that people refused, the odds of the better one are raised beside it
(ORPO: Hong et al. 2024), which needs no second network.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn

from regulars.errors import Conflict, DamagedModel, InvalidInput, NotEnoughData
from regulars.language.adapters import AdaptiveLowRank, Budget, LowRank, learned, merge
from regulars.language.llama import BEGIN, END, Gated, Llama, LlamaLayer

Progress = Callable[[float, str], None]
DEVICES = ("auto", "cpu", "cuda")
BLOCK = 32
"""Numbers that a GGUF file's 8-bit blocks hold together."""
RATES = {"lora": 1e-3, "adalora": 2e-3, "adapter": 1e-3, "full": 1e-4}
"""Learning rates by method."""
_LINEAR = ("query", "key", "value", "attended")
_INNER = ("gate", "inward", "outward")
_STATE, _WHERE, _LOCK = "learned.safetensors", "where.json", "lock"


@dataclass(frozen=True, slots=True)
class LlamaSettings:
    """method: "lora", "adalora" (ranks divided between layers by what they bring), "adapter" (a narrow gated perceptron beside each
    layer's, He et al. 2022; it is folded into a wider one) or "full". learning_rate: None = by method; it rises over `warmup` of the
    training and falls to nothing along a cosine. epochs and max_seconds end it, whichever comes first. batch_tokens: of a step, padding
    included. longest: tokens of a pair; longer ones are left out. preference: weight of the odds between an answer and a refused one.
    checks: how often the held-out pairs are looked at; patience: checks without a better one that end the training, 0 = never. device:
    "auto" takes a graphics card where there is one.
    """

    method: str = "lora"
    learning_rate: float | None = None
    epochs: float = 3.0
    max_seconds: float = 1_200.0
    batch_tokens: int = 1_024
    longest: int = 768
    rank: int = 16
    adapter_width: int = 64
    weight_decay: float = 0.01
    warmup: float = 0.05
    clip: float = 1.0
    preference: float = 0.2
    skew: float = 0.1
    checks: int = 6
    patience: int = 0
    save_seconds: float = 60.0
    device: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method == "adapter" and self.adapter_width % BLOCK:
            raise InvalidInput(
                f"An adapter's width is a multiple of {BLOCK}, not {self.adapter_width}: the file keeps numbers in such blocks.",
                hint=f"Use {BLOCK * max(1, round(self.adapter_width / BLOCK))}.",
                field="rank",
            )
        if self.method not in RATES:
            raise InvalidInput(
                f"There is no tuning method {self.method[:40]!r}.", hint=f"Use {', '.join(RATES)}.", field="method"
            )

    @property
    def rate(self) -> float:
        return RATES[self.method] if self.learning_rate is None else self.learning_rate


@dataclass(frozen=True, slots=True)
class Pair:
    """What a network is asked, what it should say, and, where it is known, what it shouldn't have said."""

    system: str
    user: str
    answer: str
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Tuned:
    """How a tuning went. before, after: perplexity of the held-out answers, by token. history: of each check: step, loss,
    perplexity, seconds. memory_mb: the most that the process held at once."""

    before: float
    after: float
    steps: int
    seconds: float
    step_seconds: float
    tokens: int
    learned: int
    memory_mb: float
    resumed: int
    history: list[dict[str, float]]


@dataclass(slots=True)
class _Row:
    prompt: list[int]
    answer: list[int]
    refused: list[int] | None = None

    @property
    def length(self) -> int:
        return len(self.prompt) + max(len(self.answer), len(self.refused or ()))


def prompt_of(system: str, user: str) -> str:
    """As the model's chat template makes it."""
    return f"{BEGIN}system\n{system}{END}\n{BEGIN}user\n{user}{END}\n{BEGIN}assistant\n"


def tune_llama(
    network: Llama,
    tokenizer: Tokenizer,
    pairs: Sequence[Pair],
    held: Sequence[Pair],
    settings: LlamaSettings,
    folder: Path | None = None,
    progress: Progress | None = None,
    source: str = "",
) -> Tuned:
    """Tunes the network in place; what was learned is merged into it at the end. folder: where it keeps its state, to go on from
    after a kill; `forget` empties it once the result is safe. A state of other pairs, settings or source (the network's checksum) is
    left and begun anew. Raises: NotEnoughData, InvalidInput; Conflict while another process tunes there; DamagedModel for a state that
    can't be read.
    """
    tell = progress or (lambda _done, _line: None)
    with _alone(folder):
        return _Tuning(network, tokenizer, pairs, held, settings, folder, tell, source).run()


@contextlib.contextmanager
def _alone(folder: Path | None) -> Iterator[None]:
    """Two processes would take each other's states for their own."""
    if folder is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(
                "Another process teaches a writer right now.", hint="Wait for it, or stop it; it goes on later."
            ) from None
        yield


def prepare(network: Llama, settings: LlamaSettings) -> None:
    """Freeze what isn't learned and put in what is."""
    if settings.method == "full":
        return
    network.requires_grad_(False)
    for layer in cast("list[LlamaLayer]", list(network.layers)):
        if settings.method == "adapter":
            layer.mlp = Beside(cast("Gated", layer.mlp), settings.adapter_width)
            continue
        kind = LowRank if settings.method == "lora" else AdaptiveLowRank
        for name in _LINEAR:
            setattr(layer, name, kind(getattr(layer, name), settings.rank))
        for name in _INNER:
            setattr(layer.mlp, name, kind(getattr(layer.mlp, name), settings.rank))


class Beside(nn.Module):
    """A gated perceptron and a narrow one of the same form beside it, whose last layer starts at zero."""

    def __init__(self, inner: Gated, width: int) -> None:
        super().__init__()
        self.inner = inner
        self.narrow = Gated(inner.gate.in_features, width)
        nn.init.zeros_(self.narrow.outward.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.inner(x) + self.narrow(x)
        return out

    @torch.no_grad()
    def merged(self) -> Gated:
        """One wider perceptron that gives the same."""
        width, inner = self.inner.gate.in_features, self.inner.gate.out_features
        wide = Gated(width, inner + self.narrow.gate.out_features)
        for name, dimension in (("gate", 0), ("inward", 0), ("outward", 1)):
            both = [getattr(part, name).weight for part in (self.inner, self.narrow)]
            getattr(wide, name).weight.copy_(torch.cat(both, dimension))
        return wide.to(self.inner.gate.weight.device)


def fold(network: Llama) -> None:
    """Put all that was added into the weights, so that only those of a Llama are left."""
    merge(network)
    for layer in cast("list[LlamaLayer]", list(network.layers)):
        if isinstance(layer.mlp, Beside):
            layer.mlp = layer.mlp.merged()


class _Tuning:
    def __init__(
        self,
        network: Llama,
        tokenizer: Tokenizer,
        pairs: Sequence[Pair],
        held: Sequence[Pair],
        settings: LlamaSettings,
        folder: Path | None,
        progress: Progress,
        source: str,
    ) -> None:
        self.settings, self.folder, self.progress, self.source = settings, folder, progress, source
        self.device = torch.device(_device(settings.device))
        self.rows = _rows(pairs, tokenizer, settings.longest)
        self.held = _rows(held, tokenizer, settings.longest)
        if not self.rows or not self.held:
            raise NotEnoughData(
                "No pairs are left to learn from.", hint=f"Pairs of over {settings.longest} tokens are left out."
            )
        torch.manual_seed(settings.seed)
        self.network = network.to(self.device)
        prepare(network, settings)
        self.network.to(self.device)
        self.budget = Budget(network) if settings.method == "adalora" else None
        self.parameters = {name: one for name, one in network.named_parameters() if one.requires_grad}
        self.optimiser = torch.optim.AdamW(
            self.parameters.values(), lr=settings.rate, weight_decay=settings.weight_decay, betas=(0.9, 0.99)
        )
        self.batches = _batches(self.rows, settings.batch_tokens, random.Random(settings.seed))
        self.steps = max(1, round(settings.epochs * len(self.batches)))
        self.step = self.resumed = self.tokens = 0
        self.spent = 0.0
        self.history: list[dict[str, float]] = []
        self.count = learned(network)

    def run(self) -> Tuned:
        settings = self.settings
        self._go_on()
        if not self.history:
            self._check(math.nan)
        began, saved, stepped = time.monotonic() - self.spent, time.monotonic(), self.step
        training = 0.0
        losses: list[float] = []
        checks = 1 + int(self._done(self.spent) * settings.checks)
        while self.step < self.steps and self.spent < settings.max_seconds:
            at = time.monotonic()
            losses.append(self._learn(self._done(self.spent)))
            self.step += 1
            training += time.monotonic() - at
            self.spent = time.monotonic() - began
            done = self._done(self.spent)
            if done * settings.checks >= checks or done >= 1.0:
                checks = 1 + int(done * settings.checks)
                self._check(sum(losses) / len(losses))
                losses = []
                if settings.patience and self._stale() >= settings.patience:
                    break
            if self.folder is not None and time.monotonic() - saved > settings.save_seconds:
                self._save()
                saved = time.monotonic()
            self.progress(
                done,
                f"step {self.step:,}, loss {losses[-1] if losses else self.history[-1]['loss']:.3f}, "
                f"perplexity {self.history[-1]['perplexity']:.2f}",
            )
        if self.folder is not None:
            self._save()
        fold(self.network)
        self.network.cpu()
        return Tuned(
            self.history[0]["perplexity"],
            self.history[-1]["perplexity"],
            self.step,
            self.spent,
            training / max(1, self.step - stepped),
            self.tokens,
            self.count,
            _memory(self.device),
            self.resumed,
            self.history,
        )

    def _done(self, spent: float) -> float:
        return min(1.0, max(self.step / self.steps, spent / self.settings.max_seconds))

    def _learn(self, done: float) -> float:
        settings = self.settings
        rising = min(1.0, (done + 1e-3) / settings.warmup) if settings.warmup else 1.0
        for group in self.optimiser.param_groups:
            group["lr"] = settings.rate * rising * 0.5 * (1 + math.cos(math.pi * done))
        epoch, place = divmod(self.step, len(self.batches))
        order = list(range(len(self.batches)))
        random.Random(f"{settings.seed}/{epoch}").shuffle(order)
        rows = [self.rows[number] for number in self.batches[order[place]]]
        self.optimiser.zero_grad(set_to_none=True)
        said, many = self._log_likelihood([(row.prompt, row.answer) for row in rows])
        loss = -said.sum() / many.sum()
        self.tokens += sum(len(row.prompt) + len(row.answer) for row in rows)
        compared = [place for place, row in enumerate(rows) if row.refused]
        if compared and settings.preference:
            refused, length = self._log_likelihood(
                [(rows[place].prompt, rows[place].refused or []) for place in compared]
            )
            kept = said[compared] / many[compared]
            odds = _log_odds(kept) - _log_odds(refused / length)
            loss = loss - settings.preference * F.logsigmoid(odds).sum() / len(rows)
        value = float(loss.detach())
        if self.budget is not None:
            loss = loss + settings.skew * sum(part.skew() for part in self.budget.parts) / len(self.budget.parts)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters.values(), settings.clip)
        self.optimiser.step()
        if self.budget is not None:
            self.budget.step(done)
        if not math.isfinite(value):
            raise InvalidInput(
                "The loss ran off to infinity.", hint="Use a smaller learning rate.", field="learning_rate"
            )
        return value

    def _log_likelihood(self, said: Sequence[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor]:
        """(of each answer, how many tokens each has)."""
        longest = max(len(prompt) + len(answer) for prompt, answer in said)
        tokens = torch.zeros(len(said), longest, dtype=torch.long)
        of = torch.zeros(len(said), longest, dtype=torch.bool)  # places whose next token belongs to the answer
        for place, (prompt, answer) in enumerate(said):
            whole = [*prompt, *answer]
            tokens[place, : len(whole)] = torch.tensor(whole)
            of[place, len(prompt) - 1 : len(whole) - 1] = True
        tokens, of = tokens.to(self.device), of.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            scores = self.network.scores(self.network(tokens)[of])
        each = -F.cross_entropy(scores.float(), tokens[:, 1:][of[:, :-1]], reduction="none")
        many = of.sum(1)
        owner = torch.repeat_interleave(torch.arange(len(said), device=self.device), many)
        return torch.zeros(len(said), device=self.device).index_add(0, owner, each), many

    @torch.no_grad()
    def _check(self, loss: float) -> None:
        total, many = 0.0, 0
        for batch in _batches(self.held, self.settings.batch_tokens, random.Random(0)):
            said, length = self._log_likelihood([(self.held[place].prompt, self.held[place].answer) for place in batch])
            total, many = total - float(said.sum()), many + int(length.sum())
        entry = {"step": float(self.step), "loss": loss, "perplexity": math.exp(total / many), "seconds": self.spent}
        self.history.append(entry)

    def _stale(self) -> int:
        """Checks since the best one."""
        told = [entry["perplexity"] for entry in self.history]
        return len(told) - 1 - told.index(min(told))

    # Going on after a kill.

    def _signature(self) -> dict[str, object]:
        """What has to be the same for a state to fit."""
        told = asdict(self.settings)
        for name in ("max_seconds", "save_seconds", "device", "checks", "patience"):
            del told[name]
        read = hashlib.blake2b(digest_size=16)
        for row in (*self.rows, *self.held):
            read.update(json.dumps([row.prompt, row.answer, row.refused]).encode())
        return {"settings": told, "rows": read.hexdigest(), "source": self.source}

    def _save(self) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"of.{name}": one.detach().cpu() for name, one in self.parameters.items()}
        for name, one in self.parameters.items():
            for key, value in self.optimiser.state.get(one, {}).items():
                tensors[f"{key}.{name}"] = value.detach().cpu().reshape(value.shape)
        if self.budget is not None:
            tensors |= {f"mean.{name}": value.cpu() for name, value in self.budget.means.items()}
            tensors |= {f"spread.{name}": value.cpu() for name, value in self.budget.spreads.items()}
        where = {
            "step": self.step, "spent": self.spent, "tokens": self.tokens, "history": self.history, "signature": self._signature(),
        }  # fmt: skip
        file = self.folder / f"{self.step}-{_STATE}"
        unfinished = self.folder / ".unfinished"
        save_file({name: value.contiguous() for name, value in tensors.items()}, unfinished)
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(file)
        beside = self.folder / f".{_WHERE}"
        beside.write_text(json.dumps({**where, "file": file.name}), encoding="utf-8")
        beside.replace(self.folder / _WHERE)  # the state counts from here on
        for old in self.folder.glob(f"*-{_STATE}"):
            if old != file:
                old.unlink(missing_ok=True)

    def _go_on(self) -> None:
        if self.folder is None or not (self.folder / _WHERE).is_file():
            return
        try:
            where = json.loads((self.folder / _WHERE).read_text(encoding="utf-8"))
            tensors = load_file(self.folder / where["file"], device=str(self.device))
            if where["signature"] != json.loads(json.dumps(self._signature())):
                forget(self.folder)
                return
            self.step, self.spent, self.tokens = int(where["step"]), float(where["spent"]), int(where["tokens"])
            self.history = where["history"]
            with torch.no_grad():
                for name, one in self.parameters.items():
                    one.copy_(tensors[f"of.{name}"])
                    self.optimiser.state[one] = {
                        key: tensors[f"{key}.{name}"].cpu() if key == "step" else tensors[f"{key}.{name}"]
                        for key in ("step", "exp_avg", "exp_avg_sq")
                    }
                if self.budget is not None:
                    self.budget.means = {name: tensors[f"mean.{name}"] for name in self.budget.means}
                    self.budget.spreads = {name: tensors[f"spread.{name}"] for name in self.budget.spreads}
        except Exception as error:
            raise DamagedModel(
                f"The tuning's state in {self.folder} can't be read: {error}", hint="Delete the folder to begin anew."
            ) from error
        self.resumed = self.step


def forget(folder: Path) -> None:
    """Deletes a tuning's state: its result is safe."""
    (folder / _WHERE).unlink(missing_ok=True)
    for file in folder.glob(f"*-{_STATE}"):
        file.unlink(missing_ok=True)


def _log_odds(mean: torch.Tensor) -> torch.Tensor:
    """Of an answer's mean log-likelihood p a token: log(p / (1 − p))."""
    return mean - torch.log1p(-torch.exp(mean).clamp(max=1 - 1e-4))


def _rows(pairs: Sequence[Pair], tokenizer: Tokenizer, longest: int) -> list[_Row]:
    def ids(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False).ids)

    (end,) = ids(END)
    rows = [
        _Row(
            ids(prompt_of(one.system, one.user)),
            [*ids(one.answer), end],
            None if one.refused is None else [*ids(one.refused), end],
        )
        for one in pairs
    ]
    return [row for row in rows if row.length <= longest and len(row.answer) > 1]


def _batches(rows: Sequence[_Row], tokens: int, dice: random.Random) -> list[list[int]]:
    """Places of rows of like length together, so that little is padded."""
    order = sorted(range(len(rows)), key=lambda place: (rows[place].length, dice.random()))
    batches: list[list[int]] = []
    batch: list[int] = []
    for place in order:
        if batch and rows[place].length * (len(batch) + 1) > tokens:
            batches.append(batch)
            batch = []
        batch.append(place)
    return [*batches, batch] if batch else batches


def _device(wanted: str) -> str:
    if wanted not in DEVICES:
        raise InvalidInput(f"There is no device {wanted[:40]!r}.", hint=f"Use {', '.join(DEVICES)}.", field="device")
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise InvalidInput("There is no graphics card that torch can use.", hint="Use cpu or auto.", field="device")
    return wanted


def _memory(device: torch.device) -> float:
    """Megabytes at most so far: of the card, else of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
