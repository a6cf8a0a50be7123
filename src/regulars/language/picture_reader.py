"""Reads pictures in a process of its own, so that a hostile file can hurt nobody else: python -m …, frames on stdin.

A frame in is a length (4 bytes, big-endian) and a picture file; a frame out a length and either b"+" with SIDE·SIDE·3
bytes of RGB or b"-" with what was wrong. JPEG, PNG, WebP and GIF through Pillow, SVG through resvg. The whole picture is
fitted on a white square. Memory and processor time are limited; what is called through `Reader` also in time.
"""

from __future__ import annotations

import io
import os
import re
import resource
import select
import struct
import subprocess
import sys
import time
from types import TracebackType
from typing import IO, Self

from regulars.errors import TooLarge, Unavailable, UnreadableFile

SIDE = 224
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SVG_BYTES = 2 * 1024 * 1024
SECONDS = 10.0
"""The time one picture may take. A photo takes a hundredth of a second."""
_MEMORY = 2 * 1024**3
_SIZE = struct.Struct(">I")
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_OUTSIDE = re.compile(rb"""(?:href\s*=\s*["']\s*(?!\#|data:image/(?:png|jpeg|webp|gif))\S)|<!ENTITY|@import""", re.I)


class Reader:
    """A reading process, started when first needed and again after one that was stopped. For one thread."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._seconds = seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def pixels(self, data: bytes) -> bytes:
        """A picture file → SIDE·SIDE RGB bytes. Raises UnreadableFile or TooLarge, saying what was wrong with it."""
        if len(data) > MAX_BYTES:
            raise TooLarge(f"The picture has {len(data):,} bytes; {MAX_BYTES:,} are the limit.")
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "regulars.language.picture_reader"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._receive(time.monotonic() + 60.0)  # its greeting: Python's own start isn't the picture's time
        process = self._process
        assert process.stdin is not None
        try:
            process.stdin.write(_SIZE.pack(len(data)) + data)
            process.stdin.flush()
            answer = self._receive(time.monotonic() + self._seconds)
        except (OSError, EOFError):
            self.close()
            raise UnreadableFile("The picture took more memory or time than a picture may.") from None
        if answer[:1] != b"+":
            raise UnreadableFile(answer[1:].decode("utf-8", "replace"))
        return answer[1:]

    def _receive(self, until: float) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        wanted, got = _SIZE.size, b""
        sized = False
        while len(got) < wanted:
            ready, _, _ = select.select([handle], [], [], max(0.0, until - time.monotonic()))
            part = os.read(handle, min(wanted - len(got), 1 << 20)) if ready else b""
            if not part:
                raise EOFError
            got += part
            if not sized and len(got) == wanted:
                wanted, got, sized = _SIZE.unpack(got)[0], b"", True
        return got


def available() -> bool:
    """Whether Pillow and resvg are installed."""
    from importlib.util import find_spec

    return find_spec("PIL") is not None and find_spec("resvg_py") is not None


def read(data: bytes) -> bytes:
    """In this process: a picture file → SIDE·SIDE RGB bytes on white. Raises UnreadableFile, Unavailable."""
    if not available():
        raise Unavailable("Pillow and resvg-py aren't installed.", hint="pip install 'regulars[pictures]'")
    from PIL import Image, ImageOps

    if _is_svg(data):
        data = _drawn(data)
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            width, height = opened.size
            if width * height > MAX_PIXELS:
                raise UnreadableFile(f"The picture has {width}×{height} pixels; {MAX_PIXELS:,} are the limit.")
            opened.draft("RGB", (SIDE * 2, SIDE * 2))
            turned = ImageOps.exif_transpose(opened).convert("RGBA")
    except UnreadableFile:
        raise
    except Image.DecompressionBombError:
        raise UnreadableFile(f"The picture has more than {MAX_PIXELS:,} pixels.") from None
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        raise UnreadableFile(f"It isn't a picture that can be read: {str(error)[:120]}") from None
    turned.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    if max(turned.size) < SIDE:
        scale = SIDE / max(turned.size)
        size = (max(1, round(turned.width * scale)), max(1, round(turned.height * scale)))
        turned = turned.resize(size, Image.Resampling.BICUBIC)
    square = Image.new("RGBA", (SIDE, SIDE), (255, 255, 255, 255))
    square.alpha_composite(turned, ((SIDE - turned.width) // 2, (SIDE - turned.height) // 2))
    return bytes(square.convert("RGB").tobytes())


def _is_svg(data: bytes) -> bool:
    start = data[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<svg") or (
        start.startswith((b"<?xml", b"<!doctype", b"<!--")) and b"<svg" in data[:4_000]
    )


def _drawn(data: bytes) -> bytes:
    """An SVG as a PNG, its longer side SIDE. What it would load from elsewhere is refused, not followed."""
    import resvg_py

    if len(data) > MAX_SVG_BYTES:
        raise UnreadableFile(f"The drawing has {len(data):,} bytes; {MAX_SVG_BYTES:,} are the limit.")
    if _OUTSIDE.search(data):
        raise UnreadableFile("The drawing refers to something outside itself.")
    try:
        return bytes(
            resvg_py.svg_to_bytes(svg_string=data.decode("utf-8"), width=SIDE, height=SIDE, background="#ffffff")
        )
    except Exception as error:
        raise UnreadableFile(f"The drawing can't be read: {str(error)[:120]}") from None


def main(source: IO[bytes], target: IO[bytes]) -> None:
    """Answer frames until the other end closes."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))

    def answer(content: bytes) -> None:
        target.write(_SIZE.pack(len(content)) + content)
        target.flush()

    answer(b"ready")
    while len(head := source.read(_SIZE.size)) == _SIZE.size:
        data = source.read(_SIZE.unpack(head)[0])
        try:
            answer(b"+" + read(data))
        except (UnreadableFile, Unavailable) as error:
            answer(b"-" + error.detail.encode())
        except MemoryError:
            answer(b"-The picture takes more memory than a picture may.")


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
