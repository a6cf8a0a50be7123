"""Makes a peer's own environment: python -m benchmarks.peers.install rectools

It lands in .venv-peers/NAME beside .venv, which stays as it is: peers want other versions of what we use. Knows no peer's
API; benchmarks/peers/NAME.txt holds every version.
"""

from __future__ import annotations

import argparse
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
PEERS = {"rectools": ("rectools", "torch", "pytorch-lightning")}
"""What each environment is asked to hold; the rest follows from it."""


def python_of(name: str) -> Path:
    """The interpreter of a peer's environment, there or not."""
    return ROOT / ".venv-peers" / name / "bin" / "python"


def install(name: str) -> Path:
    """Make the environment if it is missing, install what its file names, and return its interpreter."""
    python = python_of(name)
    if not python.exists():
        venv.create(python.parents[1], with_pip=True)
    pins = Path(__file__).parent / f"{name}.txt"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", str(pins)]
    subprocess.run([*command, *PEERS[name]], check=True)
    return python


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.install", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(PEERS))
    print(f"Installed: {install(parser.parse_args().name)}")


if __name__ == "__main__":
    main()
