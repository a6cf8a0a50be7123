"""A workspace: the folder that holds one shop. Knows its layout and how to start; what the shop is stands in the database.

regulars.toml   how to start: address, database, log level
data/           the embedded PostgreSQL
mirror/         the columnar copy, a cache
models/         a folder per model version
tuning/         what tuning tried, and the settings that it found
imports/        rejected rows of imports
logs/, run/     logs; locks and addresses of running parts
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from regulars.errors import WorkspaceError

T = TypeVar("T")
FILE = "regulars.toml"
KEPT_BESIDE = ("DEMO", "demo-world.npz", "tuning/settings.json")
"""Files that belong to what the database holds: a backup takes them along. A demo shop stays one wherever it goes, a tuned
one keeps its settings."""

_TEMPLATE = """\
# How this Regulars workspace starts. What the shop is (name, currency, zone, languages) stands in the database:
# see `regulars settings`. Every line can be overridden by an environment variable, e.g. REGULARS_PORT=9000.

# host = "127.0.0.1"
# port = 8000
# workers = 1
# console = true
# database_url = "postgresql://user@host/database"   # leave out for the embedded server
# log_level = "info"
"""


class StartSettings(BaseSettings):
    """How to start. Read from `regulars.toml`, overridden by REGULARS_… environment variables."""

    model_config = SettingsConfigDict(env_prefix="REGULARS_", extra="ignore")

    database_url: str | None = Field(
        default=None, description="Any PostgreSQL (14 or newer). Left out: the embedded server."
    )
    host: str = Field(default="127.0.0.1", description="The address that `regulars serve` listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Its port.")
    workers: int = Field(default=1, ge=1, le=64, description="How many API processes `regulars serve` starts.")
    console: bool = Field(default=True, description="Whether `regulars serve` serves the console.")
    console_port: int = Field(
        default=8001, ge=1, le=65535, description="The console's port when there are several API processes."
    )
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    public_requests_per_second: float = Field(
        default=50.0,
        gt=0,
        description="Rate limit of a public key, per caller's address and process; bursts of twice that.",
    )
    secret_requests_per_second: float = Field(
        default=2000.0, gt=0, description="Rate limit of a secret key, per process; bursts of twice that."
    )
    llm_base_url: str | None = Field(
        default=None,
        description="An OpenAI-compatible server's address before /chat/completions, or `bundled`. Left out: no chat model.",
    )
    llm_model: str | None = Field(default=None, description="The model's name on that server.")
    llm_api_key: SecretStr | None = Field(default=None, description="Its key, where it wants one.")
    tuned_writer: bool = Field(
        default=True, description="Let the writer that `regulars train writer` made and that was promoted write."
    )
    max_body_mb: float = Field(default=10.0, gt=0, le=1024, description="The largest request body, in megabytes.")
    trust_forwarded_for: bool = Field(
        default=False, description="Take the caller's address from X-Forwarded-For: only behind a proxy that sets it."
    )

    def chat(self, make: Callable[[str | None, str | None, str | None], T]) -> T:
        """The chat model that these settings name. make: from address, name and key, such as `language.chat_models.chat_model`."""
        key = self.llm_api_key
        return make(self.llm_base_url, self.llm_model, None if key is None else key.get_secret_value())


@dataclass(frozen=True, slots=True)
class Workspace:
    """One shop's folder."""

    folder: Path

    @property
    def mirror(self) -> Path:
        return self.folder / "mirror"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def tuning(self) -> Path:
        return self.folder / "tuning"

    @property
    def search_vectors(self) -> Path:
        """What search by meaning goes by, kept from one start to the next; deleting it loses nothing."""
        return self.folder / "run" / "search.safetensors"

    @property
    def imports(self) -> Path:
        return self.folder / "imports"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @classmethod
    def create(cls, folder: Path) -> Workspace:
        """A new workspace. Raises: WorkspaceError if there is one, or other files, already."""
        folder = folder.resolve()
        if (folder / FILE).exists():
            raise WorkspaceError(f"{folder} is a workspace already.", hint="Open it, or choose another folder.")
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise WorkspaceError(f"{folder} isn't an empty folder.", hint="Choose another name.")
        try:
            for name in ("models", "mirror", "imports", "logs", "run"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / FILE).write_text(_TEMPLATE, encoding="utf-8")
        except OSError as error:
            raise WorkspaceError(f"{folder} can't be made: {error.strerror}.") from error
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> Workspace:
        """Raises: WorkspaceError when the folder isn't a workspace."""
        folder = folder.resolve()
        if not (folder / FILE).is_file():
            raise WorkspaceError(
                f"{folder} isn't a workspace (there is no {FILE} in it).",
                hint="Make one with `regulars init FOLDER`, or name one with --workspace.",
            )
        for name in ("models", "mirror", "imports", "logs", "run"):
            (folder / name).mkdir(exist_ok=True)
        return cls(folder)

    def start_settings(self) -> StartSettings:
        """Raises: WorkspaceError when regulars.toml can't be read, with the line or field."""
        path = self.folder / FILE
        try:
            stated = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise WorkspaceError(f"{path} can't be read: {error}.") from error
        unknown = sorted(set(stated) - set(StartSettings.model_fields))
        if unknown:
            raise WorkspaceError(
                f"{path} has an unknown setting: {', '.join(unknown)}.",
                hint=f"Known are {', '.join(StartSettings.model_fields)}.",
            )
        from_environment = {name for name in stated if f"REGULARS_{name.upper()}" in os.environ}
        try:
            return StartSettings(**{name: value for name, value in stated.items() if name not in from_environment})
        except ValidationError as error:
            first = error.errors()[0]
            raise WorkspaceError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
