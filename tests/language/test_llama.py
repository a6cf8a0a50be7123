"""The network in torch against llama.cpp's on the same file; what training adds, folded; a tuning that learns, and goes on after a kill."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from regulars.errors import Conflict, DamagedModel, InvalidInput, NotEnoughData
from regulars.language.adapters import AdaptiveLowRank, Budget, LowRank, learned
from regulars.language.chat_models import Message
from regulars.language.llama import BEGIN, END, Llama, LlamaShape, read_llama, write_llama
from regulars.language.llama_tuning import LlamaSettings, Pair, Tuned, fold, forget, prepare, prompt_of, tune_llama
from regulars.language.local_models import BundledModel, LocalModel, bundled_file

SMALL = LlamaShape(64, 2, 4, 2, 96, 258, 10_000.0, 1e-5)
QUESTION = ("You answer in one word.", "What is the capital of France?")
PAIRS = [
    Pair("You name colours.", f"The thing is number {number}.", f"It is {colour}.")
    for number, colour in enumerate(["red", "blue", "green", "white"] * 6)
]


@pytest.fixture(scope="module")
def bundled() -> tuple[Llama, Tokenizer]:
    if not BundledModel.installed():
        pytest.skip("the extra `chat` isn't installed")
    file = bundled_file()
    assert file is not None
    return read_llama(file)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two for numbers this small get in each other's way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def letters() -> Tokenizer:
    """A word a byte."""
    words = [*sorted(pre_tokenizers.ByteLevel.alphabet()), BEGIN, END]
    tokenizer = Tokenizer(models.BPE({word: number for number, word in enumerate(words)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens([BEGIN, END])
    return tokenizer


@pytest.fixture
def small() -> Llama:
    """Drawn at random."""
    torch.manual_seed(3)
    network = Llama(SMALL)
    torch.nn.init.normal_(network.words.weight, std=0.05)
    return network


def said(network: Llama, tokenizer: Tokenizer, many: int) -> str:
    """The likeliest words after the question."""
    ids = list(tokenizer.encode(prompt_of(*QUESTION), add_special_tokens=False).ids)
    begin = len(ids)
    with torch.inference_mode():
        for _ in range(many):
            ids.append(int(network.scores(network(torch.tensor([ids]))[0, -1]).argmax()))
    return str(tokenizer.decode(ids[begin:]))


def test_it_says_what_llama_cpp_says(bundled: tuple[Llama, Tokenizer], tmp_path: Path) -> None:
    network, tokenizer = bundled
    file = bundled_file()
    assert file is not None
    write_llama(network, file, tmp_path / "again.gguf", {"method": "none"})
    messages = [Message("system", QUESTION[0]), Message("user", QUESTION[1])]
    answers = {said(network, tokenizer, 6)}
    for model in (BundledModel(), LocalModel(tmp_path / "again.gguf", "again")):
        told = model.complete(messages, max_tokens=6)
        model.close()
        answers.add(told.text)
    assert len(answers) == 1, answers
    assert "Paris" in answers.pop()


def test_a_file_survives_reading_and_writing(bundled: tuple[Llama, Tokenizer], tmp_path: Path) -> None:
    network, _ = bundled
    file = bundled_file()
    assert file is not None
    write_llama(network, file, tmp_path / "again.gguf")
    again, tokenizer = read_llama(tmp_path / "again.gguf")
    for name, value in network.state_dict().items():
        error = (again.state_dict()[name] - value).abs().max()
        assert error <= value.abs().max() / 127, name  # eight bits a block
    assert tokenizer.decode(tokenizer.encode("340 g, £8.95 — it’s 茶").ids) == "340 g, £8.95 — it’s 茶"
    assert not list(tmp_path.glob(".*"))


def test_what_is_no_such_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"hello" * 100)
    with pytest.raises(DamagedModel, match="can't be read"):
        read_llama(tmp_path / "no.gguf")


@pytest.mark.parametrize("method", ["lora", "adalora", "adapter"])
def test_what_is_added_begins_at_nothing_and_folds_into_the_weights(small: Llama, method: str) -> None:
    tokens = torch.arange(24).view(2, 12)
    with torch.no_grad():
        before = small(tokens)
        prepare(small, LlamaSettings(method=method, rank=4, adapter_width=32))
        assert torch.allclose(small(tokens), before, atol=1e-5)
        for parameter in small.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.05)
        moved = small(tokens)
        assert not torch.allclose(moved, before, atol=1e-2)
        fold(small)
        assert torch.allclose(small(tokens), moved, atol=1e-4)
    names = {name for name, _ in small.named_parameters()}
    assert names == {name for name, _ in Llama(SMALL).named_parameters()}


@pytest.mark.parametrize(
    ("method", "numbers"),
    # Of each of two layers: ranks of 4 at both ends of 64→64, 64→32 twice, 64→64, 64→96 twice, 96→64; AdaLoRA's strengths; 3 × 64 × 32.
    [("lora", 2 * 4 * 928), ("adalora", 2 * 4 * (928 + 7)), ("adapter", 2 * 3 * 64 * 32)],
)
def test_what_is_learned_is_counted(small: Llama, method: str, numbers: int) -> None:
    prepare(small, LlamaSettings(method=method, rank=4, adapter_width=32))
    assert learned(small) == numbers


def test_the_budget_keeps_the_directions_that_matter() -> None:
    torch.manual_seed(0)
    part = AdaptiveLowRank(torch.nn.Linear(8, 8, bias=False), 4)
    with torch.no_grad():
        part.strengths.copy_(torch.tensor([1.0, 0.001, 2.0, 0.002]))
    network = torch.nn.Sequential(part)
    budget = Budget(network, keep=0.5, warm=0.0, end=0.5)
    x = torch.randn(64, 8)
    for place in range(8):
        network.zero_grad()
        network(x * (1 + 0.1 * place)).square().sum().backward()
        left = budget.step(place / 8)
    assert left == 2
    assert (part.strengths != 0).tolist() == [True, False, True, False]


def test_a_low_rank_addition_begins_as_the_layer() -> None:
    inner = torch.nn.Linear(8, 6, bias=False)
    x = torch.randn(3, 8)
    assert torch.equal(LowRank(inner, 2)(x), inner(x))


def tuned(network: Llama, tokenizer: Tokenizer, folder: Path | None = None, **changes: object) -> Tuned:
    settings = replace(
        LlamaSettings(rank=4, epochs=8, batch_tokens=256, max_seconds=60, learning_rate=1e-2, save_seconds=0.0),
        **changes,
    )
    return tune_llama(network, tokenizer, PAIRS, PAIRS[:4], settings, folder)


@pytest.mark.parametrize("method", ["lora", "adalora", "adapter", "full"])
def test_it_learns(small: Llama, letters: Tokenizer, method: str) -> None:
    told = tuned(small, letters, method=method)
    assert told.after < 0.3 * told.before
    assert told.history[-1]["step"] == told.steps


class Killed(Exception):
    pass


@pytest.mark.parametrize("method", ["lora", "adalora"])
def test_a_stopped_tuning_goes_on_where_it_was(small: Llama, letters: Tokenizer, tmp_path: Path, method: str) -> None:
    """Stopped in the middle and taken up by a new process's network, it ends with the same weights as one that nobody stopped."""
    start = {name: value.clone() for name, value in small.state_dict().items()}
    whole = tuned(small, letters, method=method)
    expected = small.state_dict()
    again = Llama(SMALL)
    again.load_state_dict(start)
    settings = LlamaSettings(
        method=method, rank=4, epochs=8, batch_tokens=256, max_seconds=60, learning_rate=1e-2, save_seconds=0.0
    )

    def stop(done: float, _line: str) -> None:
        if done > 0.4:
            raise Killed

    with pytest.raises(Killed):
        tune_llama(again, letters, PAIRS, PAIRS[:4], settings, tmp_path, stop)
    later = Llama(SMALL)
    later.load_state_dict(start)
    torch.manual_seed(99)
    told = tune_llama(later, letters, PAIRS, PAIRS[:4], settings, tmp_path)
    assert 0 < told.resumed < told.steps == whole.steps
    for name, value in later.state_dict().items():
        assert torch.allclose(value, expected[name], atol=1e-4), name
    once_more = Llama(SMALL)
    once_more.load_state_dict(start)
    assert (
        tune_llama(once_more, letters, PAIRS, PAIRS[:4], settings, tmp_path).resumed == whole.steps
    )  # kept until the result is safe
    for name, value in once_more.state_dict().items():
        assert torch.allclose(value, expected[name], atol=1e-4), name
    forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_another_tunings_state_is_not_taken_up(small: Llama, letters: Tokenizer, tmp_path: Path) -> None:
    def stop(done: float, _line: str) -> None:
        if done > 0.4:
            raise Killed

    settings = LlamaSettings(rank=4, epochs=4, batch_tokens=256, save_seconds=0.0)
    with pytest.raises(Killed):
        tune_llama(small, letters, PAIRS, PAIRS[:4], settings, tmp_path, stop)
    kept = tmp_path.parent / "kept"
    shutil.copytree(tmp_path, kept)
    for other in ({"source": "another network"}, {}):
        pairs = PAIRS if other else [replace(PAIRS[0], answer="It is pink."), *PAIRS[1:]]
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
        assert tune_llama(Llama(SMALL), letters, pairs, PAIRS[:4], settings, tmp_path, **other).resumed == 0
        forget(tmp_path)
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    told = tune_llama(Llama(SMALL), letters, PAIRS, PAIRS[:4], replace(settings, rank=2), tmp_path)
    assert told.resumed == 0
    next(kept.glob("*.safetensors")).write_bytes(b"half a file")
    with pytest.raises(DamagedModel, match="Delete the folder"):
        tune_llama(Llama(SMALL), letters, PAIRS, PAIRS[:4], settings, kept)


def test_a_refused_answer_grows_less_likely_than_the_chosen_one(small: Llama, letters: Tokenizer) -> None:
    """Both answers are taught alike as answers; only the preference tells them apart."""
    both = [
        Pair(*QUESTION, "A mug of clay.", refused="A mug of gold."),
        Pair(*QUESTION, "A mug of gold."),
        Pair(*QUESTION, "A mug of clay."),
    ]
    after = {}
    for weight in (0.0, 2.0):
        network = Llama(SMALL)
        network.load_state_dict(small.state_dict())
        settings = LlamaSettings(rank=4, epochs=30, batch_tokens=4_096, learning_rate=1e-2, preference=weight)
        tune_llama(network, letters, both, both[1:2], settings)
        told = tune_llama(network, letters, both, both[1:2], replace(settings, epochs=0.01, learning_rate=1e-9))
        after[weight] = told.before
    assert after[2.0] > 1.2 * after[0.0]  # the refused answer surprises it more


def test_two_do_not_tune_in_one_folder(small: Llama, letters: Tokenizer, tmp_path: Path) -> None:
    def another(_done: float, _line: str) -> None:
        with pytest.raises(Conflict, match="Another process"):
            tune_llama(Llama(SMALL), letters, PAIRS, PAIRS[:4], settings, tmp_path)
        raise Killed

    settings = LlamaSettings(rank=4, epochs=1, batch_tokens=256)
    with pytest.raises(Killed):
        tune_llama(small, letters, PAIRS, PAIRS[:4], settings, tmp_path, another)


def test_an_adapters_file_is_read_again(bundled: tuple[Llama, Tokenizer], tmp_path: Path) -> None:
    file = bundled_file()
    assert file is not None
    network, tokenizer = read_llama(file)
    with torch.no_grad():
        prepare(network, LlamaSettings(method="adapter"))
        network.get_submodule("layers.3.mlp.narrow.outward").weight.add_(0.001)  # type: ignore[operator]
        fold(network)
    write_llama(network, file, tmp_path / "wide.gguf")
    again, _ = read_llama(tmp_path / "wide.gguf")
    assert again.shape.inner == 1_536 + 64
    model = LocalModel(tmp_path / "wide.gguf", "wide")
    told = model.complete([Message("system", QUESTION[0]), Message("user", QUESTION[1])], max_tokens=6)
    model.close()
    assert told.text == said(again, tokenizer, 6)


def test_what_can_not_be_tuned_is_said(small: Llama, letters: Tokenizer) -> None:
    with pytest.raises(InvalidInput, match="no tuning method"):
        LlamaSettings(method="magic")
    with pytest.raises(InvalidInput, match="multiple of 32"):
        LlamaSettings(method="adapter", adapter_width=16)
    with pytest.raises(InvalidInput, match="no device"):
        tune_llama(small, letters, PAIRS, PAIRS, LlamaSettings(device="gpu"))
    with pytest.raises(NotEnoughData):
        tune_llama(small, letters, [], PAIRS, LlamaSettings())
    if not torch.cuda.is_available():
        with pytest.raises(InvalidInput, match="graphics card"):
            tune_llama(small, letters, PAIRS, PAIRS, LlamaSettings(device="cuda"))
