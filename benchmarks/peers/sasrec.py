"""RecTools' SASRec, in an environment of its own: PYTHON sasrec.py IN.npz OUT.npz. Imports nothing of ours.

IN: `items`, `offsets`: training histories, oldest first, person by person; `valid_items`, `valid_offsets`,
`valid_targets`: validation cases; `test_items`, `test_offsets`, `test_targets`: the questions; `settings`: JSON of seed,
length, factors, batch, epochs, patience, max_seconds, threads.
OUT: `ranks`: each test target's place from 0 among all items, what is in the history left out; `epochs`: a row an epoch of
seconds of training so far, NDCG@10 on the validation cases; `best`: the epoch whose weights were kept.

The library's defaults (2 blocks, 4 heads, dropout .2, softmax over all items, Adam 1e-3) but for: the width, the
length and the batch as told, and as many epochs as validation asks for instead of 3. The time of measuring validation isn't counted.
"""

from __future__ import annotations

import copy
import json
import logging
import sys
import time
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from pytorch_lightning import Callback, Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

MISSED = np.iinfo(np.int32).max
BATCH = 256

Array = npt.NDArray[Any]


def places(model: Any, items: Array, offsets: Array, targets: Array) -> Array:
    """Place from 0 of each target among all items, those of the case's history left out; MISSED for an unknown one."""
    known = model.data_preparator.item_id_map.to_internal
    length = model.data_preparator.session_max_len
    translate = {int(external): int(internal) for external, internal in known.items() if not isinstance(external, str)}
    network = model.torch_model.eval()
    out = np.full(len(targets), MISSED, np.int64)
    with torch.no_grad():
        table = network.item_model.get_all_embeddings()
        towers = network.similarity_module.item_tower_forward(table)
        for start in range(0, len(targets), BATCH):
            rows = range(start, min(start + BATCH, len(targets)))
            histories = [
                [translate[i] for i in items[offsets[row] : offsets[row + 1]].tolist() if i in translate]
                for row in rows
            ]
            x = torch.zeros((len(histories), length), dtype=torch.int64)
            for at, history in enumerate(histories):
                if history:
                    x[at, -len(history[-length:]) :] = torch.tensor(history[-length:])
            expected = network.encode_sessions({"x": x}, table)[:, -1, :]
            scores = (network.similarity_module.session_tower_forward(expected) @ towers.T).numpy()
            scores[:, 0] = -np.inf  # the padding
            for at, row in enumerate(rows):
                target = translate.get(int(targets[row]))
                if target is not None and histories[at]:
                    own = scores[at, target]
                    scores[at, histories[at]] = -np.inf
                    out[row] = int((scores[at] > own).sum())
    return out


def ndcg_at_10(ranks: Array) -> float:
    return float(np.where(ranks < 10, 1 / np.log2(ranks + 2.0), 0.0).mean()) if len(ranks) else 0.0


class Watch(Callback):  # type: ignore[misc]  # Lightning lies in the peer's environment
    """After each epoch: validation, the best weights kept, training stopped by patience or by the clock."""

    def __init__(self, data: dict[str, Array], settings: dict[str, Any]) -> None:
        self.data, self.settings = data, settings
        self.model: Any = None
        self.rows: list[tuple[float, float]] = []
        self.best = -1
        self.best_state: dict[str, Any] = {}
        self.started = time.monotonic()
        self.measuring = 0.0

    def __deepcopy__(self, memo: Any) -> Watch:  # the library copies its trainer; this one must stay the same
        return self

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started - self.measuring

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        if self.rows and self.seconds > self.settings["max_seconds"]:
            trainer.should_stop = True

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        seconds = self.seconds
        before = time.monotonic()
        data = self.data
        gain = ndcg_at_10(places(self.model, data["valid_items"], data["valid_offsets"], data["valid_targets"]))
        module.train()
        if self.best < 0 or gain > self.rows[self.best][1]:
            self.best, self.best_state = len(self.rows), copy.deepcopy(module.torch_model.state_dict())
        self.rows.append((seconds, gain))
        print(
            json.dumps({"epoch": len(self.rows), "seconds": round(seconds, 1), "ndcg_at_10": round(gain, 5)}),
            flush=True,
        )
        self.measuring += time.monotonic() - before
        late = len(self.rows) - 1 - self.best >= self.settings["patience"]
        if late or seconds > self.settings["max_seconds"]:
            trainer.should_stop = True


def main(source: str, target: str) -> None:
    """Train, answer, write."""
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with np.load(source, allow_pickle=False) as archive:
        data = {name: archive[name] for name in archive.files}
    settings = json.loads(str(data["settings"]))
    torch.set_num_threads(settings["threads"])
    seed_everything(settings["seed"])
    watch = Watch(data, settings)

    def trainer() -> Any:
        return Trainer(
            max_epochs=settings["epochs"],
            accelerator="cpu",
            devices=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[watch],
        )

    people = np.repeat(np.arange(len(data["offsets"]) - 1), np.diff(data["offsets"]))
    frame = pd.DataFrame(
        {
            Columns.User: people,
            Columns.Item: data["items"].astype(np.int64),
            Columns.Weight: 1.0,
            # Only the order counts: a second a step.
            Columns.Datetime: pd.to_datetime(np.arange(len(people)), unit="s"),
        }
    )
    model = SASRecModel(
        n_factors=settings["factors"],
        session_max_len=settings["length"],
        batch_size=settings["batch"],
        get_trainer_func=trainer,
        verbose=0,
    )
    watch.model = model
    watch.started = time.monotonic()
    model.fit(Dataset.construct(frame))
    model.torch_model.load_state_dict(watch.best_state)
    ranks = places(model, data["test_items"], data["test_offsets"], data["test_targets"])
    np.savez(target, ranks=ranks, epochs=np.array(watch.rows), best=np.array(watch.best))


if __name__ == "__main__":
    main(*sys.argv[1:3])
