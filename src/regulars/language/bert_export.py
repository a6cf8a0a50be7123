"""A text encoder in torch as an ONNX graph, for text_encoders.py. Training only; doesn't know what the vectors are for."""

from __future__ import annotations

import logging
import warnings

import torch
from torch import nn


@torch.no_grad()
def export_graph(encoder: nn.Module) -> bytes:
    """ONNX: "tokens" (batch, length) int64, "present" (batch, length) float32 → "vectors" (batch, width) unit rows."""
    encoder.eval()
    example = torch.ones((2, 5), dtype=torch.int64), torch.ones((2, 5))
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=512)
    shapes = {"tokens": {0: batch, 1: length}, "present": {0: batch, 1: length}}
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exporter_log.setLevel(logging.ERROR)
        try:
            program = torch.onnx.export(
                encoder,
                example,
                input_names=["tokens", "present"],
                output_names=["vectors"],
                dynamic_shapes=shapes,
                dynamo=True,
                verbose=False,
            )
        finally:
            exporter_log.setLevel(level)
    assert program is not None
    return bytes(program.model_proto.SerializeToString())
