"""Keeps a vector of each product's first picture in the store: finds what isn't encoded, gets it, encodes, writes.

It goes on where it was stopped: every batch is committed. Doesn't know how vectors are used. Addresses come from product
feeds and are strangers' words: only http and https, no private hosts but those that the shop allows, with limits.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import numpy as np

from regulars.errors import InvalidInput, RegularsError, TooLarge, UnreadableFile
from regulars.language.image_features import DIMS, ImageEncoder
from regulars.language.picture_reader import MAX_BYTES, Reader
from regulars.recommend.dataset import Float32, Int64
from regulars.store.database import Connection, Database

FOLDER = "encoders"
"""In the workspace: the encoder's graph, a cache."""

BATCH = 32
FETCHERS = 8
FETCH_SECONDS = 15.0
MAX_REDIRECTS = 3
AGAIN_DAYS = 1

Local = Callable[[str], bytes | None]
"""Bytes of an address that needs no network, or None."""

_FIRST = """
WITH first AS (
    SELECT p.product_id, coalesce(p.pictures->0->>'url', (
        SELECT v.pictures->0->>'url' FROM variants v
        WHERE v.product_id = p.product_id AND v.pictures <> '[]' ORDER BY v.place LIMIT 1)) AS url
    FROM products p WHERE p.known)
"""
_TODO = (
    _FIRST
    + """
SELECT f.product_id, f.url FROM first f LEFT JOIN picture_vectors e USING (product_id)
WHERE f.url IS NOT NULL AND (e.url IS DISTINCT FROM f.url
      OR e.error IS NOT NULL AND e.at < now() - make_interval(days => %s))
ORDER BY e.product_id IS NOT NULL, f.product_id
"""
)
_STATUS = (
    _FIRST
    + """
SELECT count(*) AS products, count(f.url) AS pictures, count(e.vector) FILTER (WHERE e.url = f.url) AS encoded,
       count(e.error) FILTER (WHERE e.url = f.url) AS failed
FROM first f LEFT JOIN picture_vectors e USING (product_id)
"""
)
_FORGET = _FIRST + "DELETE FROM picture_vectors e USING first f WHERE f.product_id = e.product_id AND f.url IS NULL"
_WRITE = """
INSERT INTO picture_vectors (product_id, url, sha256, vector, error)
SELECT %s, %s, %s, %s, %s WHERE EXISTS (SELECT FROM products WHERE product_id = %s FOR KEY SHARE)
ON CONFLICT (product_id) DO UPDATE SET url = excluded.url, sha256 = excluded.sha256, vector = excluded.vector,
    error = excluded.error, at = now(), change_id = nextval('picture_changes')
"""


@dataclass(frozen=True, slots=True)
class Status:
    """products: in the catalogue; of these with pictures; encoded; failed. waiting: neither yet."""

    products: int
    pictures: int
    encoded: int
    failed: int
    errors: tuple[tuple[str, str], ...] = ()

    @property
    def waiting(self) -> int:
        return self.pictures - self.encoded - self.failed


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a run did. left: what it had no time for. busy: another process is at it, so this one did nothing."""

    encoded: int = 0
    failed: int = 0
    left: int = 0
    busy: bool = False


def status(connection: Connection, errors: int = 5) -> Status:
    """How far it is, with the latest errors as (address, what was wrong)."""
    row = connection.execute(_STATUS).fetchone()
    assert row is not None
    told = connection.execute(
        "SELECT url, error FROM picture_vectors WHERE error IS NOT NULL ORDER BY change_id DESC LIMIT %s", (errors,)
    ).fetchall()
    found = tuple((one["url"], one["error"]) for one in told)
    return Status(row["products"], row["pictures"], row["encoded"], row["failed"], found)


def newest_change(connection: Connection) -> int:
    """Grows whenever a vector was written. There is one writer at a time, so none is committed out of order."""
    row = connection.execute("SELECT coalesce(max(change_id), 0) AS newest FROM picture_vectors").fetchone()
    return int(row["newest"]) if row else 0


def vectors(connection: Connection, product_ids: Int64, first: int = 0) -> Float32 | None:
    """(n, DIMS), zero rows where nothing is encoded; None where nothing is at all. Products before `first` aren't read."""
    place = {int(product_id): number for number, product_id in enumerate(product_ids) if number >= first}
    rows = connection.execute(
        "SELECT product_id, vector FROM picture_vectors WHERE vector IS NOT NULL AND product_id = ANY(%s)",
        (list(place),),
    ).fetchall()
    if not rows:
        return None
    out = np.zeros((len(product_ids), DIMS), np.float32)
    for row in rows:
        out[place[row["product_id"]]] = np.frombuffer(row["vector"], "<f2")
    return out


def encode(
    database: Database,
    workspace: Path,
    *,
    hosts: Iterable[str] = (),
    local: Local | None = None,
    max_seconds: float | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Encoded:
    """Encodes what isn't encoded yet; what failed is tried again after a day. What has no picture any more is forgotten.

    hosts: with private addresses that are allowed. max_seconds: then it stops between two batches.
    Raises: Unavailable when packages are missing; DamagedModel; DatabaseUnavailable.
    """
    allowed, began, done, failed = frozenset(hosts), time.monotonic(), 0, 0
    with database.connect(autocommit=True) as holder:
        held = holder.execute("SELECT pg_try_advisory_lock(hashtext('regulars_pictures')) AS held").fetchone()
        if held is None or not held["held"]:
            return Encoded(busy=True)
        try:
            holder.execute(_FORGET)
            waiting = [(row["product_id"], row["url"]) for row in holder.execute(_TODO, (AGAIN_DAYS,))]
            if not waiting:
                return Encoded()
            encoder = ImageEncoder(workspace / FOLDER)
            with Reader() as reader, ThreadPoolExecutor(FETCHERS) as pool:
                for start in range(0, len(waiting), BATCH):
                    if max_seconds is not None and time.monotonic() - began > max_seconds:
                        return Encoded(done, failed, len(waiting) - start)
                    part = waiting[start : start + BATCH]
                    files = list(pool.map(lambda one: _file(one[1], allowed, local), part))
                    good = _batch(database, encoder, reader, part, files)
                    done, failed = done + good, failed + len(part) - good
                    if progress is not None:
                        progress(start + len(part), len(waiting))
        finally:
            holder.execute("SELECT pg_advisory_unlock(hashtext('regulars_pictures'))")
    return Encoded(done, failed)


def _file(url: str, allowed: frozenset[str], local: Local | None) -> bytes | str:
    """The file, or what was wrong."""
    try:
        found = local(url) if local is not None else None
        return found if found is not None else fetch(url, allowed)
    except RegularsError as error:
        return error.detail


def _batch(
    database: Database,
    encoder: ImageEncoder,
    reader: Reader,
    part: Sequence[tuple[int, str]],
    files: Sequence[bytes | str],
) -> int:
    """Reads, encodes and writes one batch. Returns how many became vectors."""
    errors: dict[int, str] = {}
    pixels: dict[int, bytes] = {}
    for number, file in enumerate(files):
        if isinstance(file, str):
            errors[number] = file
            continue
        try:
            pixels[number] = reader.pixels(file)
        except (UnreadableFile, TooLarge) as error:
            errors[number] = error.detail
    made = dict(zip(pixels, encoder.encode(list(pixels.values())), strict=True))
    with database.connect() as connection:
        for number, (product_id, url) in enumerate(part):
            file, vector = files[number], made.get(number)
            digest = hashlib.sha256(file).digest() if isinstance(file, bytes) else None
            packed = None if vector is None else vector.astype("<f2").tobytes()
            said = errors[number][:500].replace("\0", "") if number in errors else None
            connection.execute(_WRITE, (product_id, url, digest, packed, said, product_id))
    return len(made)


def fetch(url: str, allowed: frozenset[str] = frozenset(), seconds: float = FETCH_SECONDS) -> bytes:
    """A picture's file by http or https. Raises InvalidInput, UnreadableFile or TooLarge with what was wrong.

    The address that was checked is the one that is connected to: a name that answers differently the second time gains
    nothing. Every redirect is checked anew.
    """
    until = time.monotonic() + seconds
    for _ in range(MAX_REDIRECTS + 1):
        try:
            answer = _get(url, allowed, until)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnreadableFile(f"It can't be fetched: {str(error)[:160] or type(error).__name__}.") from None
        if isinstance(answer, bytes):
            return answer
        url = urljoin(url, answer)
    raise UnreadableFile(f"It redirects more than {MAX_REDIRECTS} times.")


def _get(url: str, allowed: frozenset[str], until: float) -> bytes | str:
    """The file, or where it redirects to."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("The address isn't a whole http or https address.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _connected(parts.scheme, parts.hostname, port, allowed, until)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"User-Agent": "regulars", "Accept": "image/*"})
        response = connection.getresponse()
        if response.status in (301, 302, 303, 307, 308):
            return response.headers.get("Location") or ""
        if response.status != 200:
            raise UnreadableFile(f"The server answered {response.status}.")
        taken = bytearray()
        while part := response.read1(1 << 16):
            taken += part
            if len(taken) > MAX_BYTES:
                raise TooLarge(f"It has more than {MAX_BYTES:,} bytes.")
            if time.monotonic() > until:
                raise UnreadableFile("It took too long to come.")
        return bytes(taken)
    finally:
        connection.close()


def _connected(scheme: str, host: str, port: int, allowed: frozenset[str], until: float) -> http.client.HTTPConnection:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    address = found[0][4][0]
    if host not in allowed and not all(ipaddress.ip_address(str(one[4][0]).split("%")[0]).is_global for one in found):
        raise InvalidInput(
            f"The host {host} has a private address.", hint="Add it to the setting `picture_hosts` if it is yours."
        )
    left = max(0.1, until - time.monotonic())
    raw = socket.create_connection((str(address), port), timeout=min(left, 10.0))
    connection: http.client.HTTPConnection
    if scheme == "https":
        connection = http.client.HTTPSConnection(host, port)
        connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
    else:
        connection = http.client.HTTPConnection(host, port)
        connection.sock = raw
    return connection
