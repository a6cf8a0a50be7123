"""The house keeps its rules: floors, serving without torch, public names, examples in docstrings, files one can read."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import regulars

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "regulars"
LONGEST = 600
HEAVY = ("torch", "onnx", "onnxscript")

START_SERVING = """
import sys
from pathlib import Path
import numpy as np
from regulars.recommend.dataset import Histories, Query, Vocabulary
from regulars.recommend.model import Model
from regulars.recommend.train import fit_starter
from regulars.store.workspace import Workspace
from regulars.web import server
from regulars.web.api import create_app

folder = Path(sys.argv[1])
Workspace.create(folder / "shop")
create_app(folder / "shop")
vocabulary = Vocabulary(np.array([11, 12], np.int64), ["blue mug", "white mug"])
history = Histories(np.array([0, 2]), np.array([0, 1], np.int32), np.array([0, 1000]), np.ones(2, np.float32))
fit_starter(vocabulary, history).save(folder / "model")
model = Model.load(folder / "model")
model.retrieve(Query(np.array([0], np.int32), np.zeros(1, np.float32), np.ones(1, np.float32)))
from regulars.recommend.sources import sequence
print(" ".join(sorted(name for name in sys.modules if name.split(".")[0] in sys.argv[2:])))
"""


def test_floors_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        pytest.skip("import-linter isn't installed")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


def test_serving_imports_no_torch(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START_SERVING, str(tmp_path), *HEAVY],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_importing_regulars_is_light() -> None:
    code = "import regulars, sys; print(len([name for name in sys.modules if name.split('.')[0] in sys.argv[1:]]))"
    heavy = [*HEAVY, "numpy", "psycopg", "pydantic", "fastapi"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "0"


def test_public_names() -> None:
    for name in regulars.__all__:
        assert getattr(regulars, name) is not None
    own = {name for name in vars(regulars) if not name.startswith("_")}
    modules = {module.name for module in pkgutil.iter_modules(regulars.__path__)}
    assert own - modules <= {*regulars.__all__, "annotations", "TYPE_CHECKING", "Any"}
    with pytest.raises(AttributeError):
        _ = regulars.nothing_by_this_name


def _modules() -> list[str]:
    """Modules whose docstrings hold examples."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(SOURCE.parent).with_suffix("").parts
            found.append(".".join(part for part in parts if part != "__init__"))
    return found


@pytest.mark.parametrize("name", _modules())
def test_examples_in_docstrings(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried
    assert failed == 0


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_can_be_read_in_one_go(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{path.relative_to(ROOT)} has {lines} lines; split it"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lstrip()
    assert not text or text.startswith('"""') or path.parent.name == "versions" or path.name == "env.py"
