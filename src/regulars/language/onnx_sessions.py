"""How ONNX graphs are opened for serving, the same for all of them. Knows no model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from regulars.errors import DamagedModel


def opened(graph: bytes | Path, what: str, threads: int = 1) -> Any:
    """An inference session on the processor. what: the graph, as a person reads it. threads: for one call; a query is
    microseconds of work, for which a thread pool costs more than it brings, and the API has many sessions.

    Raises DamagedModel when the graph can't be loaded.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        given = graph if isinstance(graph, bytes) else str(graph)
        return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise DamagedModel(f"{what} can't be loaded: {error}") from error
