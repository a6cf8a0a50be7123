"""The one tree of exceptions. Knows nothing of HTTP or the command line: those only translate it.

Every error says what was wrong, where (file, line, field) and what to do. `status` is the HTTP status that the API
answers with, `code` the last part of the problem type (RFC 9457), `exit_code` what the command line ends with.
"""

from __future__ import annotations

from typing import Any, ClassVar


class RegularsError(Exception):
    """Root of all errors that Regulars raises on purpose. Catch this to catch them all."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong inside Regulars"
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str, *, hint: str | None = None, **where: Any) -> None:
        super().__init__(detail if hint is None else f"{detail} {hint}")
        self.detail = detail
        self.hint = hint
        self.where = {name: value for name, value in where.items() if value is not None}


class InvalidInput(RegularsError):
    """What the caller sent can't be used as it is. `where` names field, line or file."""

    status, code, title, exit_code = 422, "invalid-input", "The input can't be used as it is", 2


class MalformedRequest(InvalidInput):
    """The body is not what its content type says (broken JSON, wrong encoding)."""

    status, code, title = 400, "malformed-request", "The request can't be read"


class UnreadableFile(InvalidInput):
    """A file is missing, empty, of another format, or in an unknown encoding."""

    code, title = "unreadable-file", "The file can't be read"


class UnknownFormat(UnreadableFile):
    """No reader recognises the file's content."""

    code, title = "unknown-format", "The file's format isn't known"


class TooLarge(InvalidInput):
    """A body or batch is over its limit."""

    status, code, title = 413, "too-large", "The request is over the limit"


class NotFound(RegularsError):
    """The thing named doesn't exist (any more)."""

    status, code, title, exit_code = 404, "not-found", "Nothing here by that name", 2


class Conflict(RegularsError):
    """The request is right in itself but doesn't fit the present state."""

    status, code, title = 409, "conflict", "That doesn't fit the present state"


class Unauthenticated(RegularsError):
    """No key, an unknown key, or a customer token that doesn't verify."""

    status, code, title = 401, "unauthenticated", "A valid key is needed"


class Forbidden(RegularsError):
    """The key is valid but its scope doesn't reach this."""

    status, code, title = 403, "forbidden", "This key may not do that"


class RateLimited(RegularsError):
    """The caller sends faster than its limit. `where["retry_after"]` is in seconds."""

    status, code, title = 429, "rate-limited", "Too many requests"


class Unavailable(RegularsError):
    """A part that is needed can't be reached now; trying again later can help."""

    status, code, title, exit_code = 503, "unavailable", "A needed part can't be reached now", 3


class DatabaseUnavailable(Unavailable):
    """PostgreSQL doesn't answer."""

    code, title = "database-unavailable", "The database doesn't answer"


class WorkspaceError(RegularsError):
    """The workspace folder is missing, incomplete or of another version."""

    code, title, exit_code = "workspace", "The workspace can't be used", 2


class SupervisorError(Unavailable):
    """The embedded PostgreSQL could not be started or stopped."""

    code, title = "supervisor", "The embedded database can't be started"


class ModelError(RegularsError):
    """Root of what can be wrong with a model version."""

    code, title = "model", "The model can't be used"


class DamagedModel(ModelError):
    """An artifact's checksum isn't the one in the registry. The version is refused; the one before serves."""

    code, title = "damaged-model", "A model file is damaged"


class NotEnoughData(ModelError):
    """There is too little to learn from; says how much is there and how much is needed."""

    status, code, title, exit_code = 409, "not-enough-data", "There isn't enough data yet", 4
