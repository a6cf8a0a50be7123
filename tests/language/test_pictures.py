"""Picture files become pixels and vectors; hostile ones are refused, and the next one is read all the same."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from regulars.demo.pictures import picture
from regulars.errors import DamagedModel, TooLarge, UnreadableFile
from regulars.language import image_export, image_features
from regulars.language.image_features import DIMS, ImageEncoder
from regulars.language.picture_reader import MAX_BYTES, SIDE, Reader

pytest.importorskip("efficientnet_lite_pytorch")
from PIL import Image

SVG = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 9 9'>{}</svg>"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reading:
        yield reading


def photo(kind: str, size: tuple[int, int] = (60, 30), colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def drawn(product: str) -> bytes:
    found = picture(product)
    assert found is not None
    return found.encode()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_fitted_on_white(reader: Reader, kind: str) -> None:
    pixels = np.frombuffer(reader.pixels(photo(kind)), np.uint8).reshape(SIDE, SIDE, 3)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    red, green, blue = pixels[SIDE // 2, SIDE // 2].tolist()
    assert red > 240
    assert max(green, blue) < 20


def png_header(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


HOSTILE = {
    "nothing": b"",
    "text": b"hello",
    "cut off": photo("JPEG", (600, 600))[:400],
    "huge": png_header(100_000, 100_000),
    "a file outside": SVG.format("<image width='9' height='9' xlink:href='/etc/hostname'/>").encode(),
    "an address": SVG.format("<image width='9' height='9' href=' https://example.org/x.png'/>").encode(),
    "entities": b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG.format("<text>&a;</text>").encode(),
    "no drawing": b"<svg",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_is_refused_and_the_next_one_read(reader: Reader, name: str) -> None:
    with pytest.raises(UnreadableFile):
        reader.pixels(HOSTILE[name])
    assert len(reader.pixels(drawn("teapot-moss"))) == SIDE * SIDE * 3


def test_too_many_bytes_are_refused(reader: Reader) -> None:
    with pytest.raises(TooLarge):
        reader.pixels(b"\0" * (MAX_BYTES + 1))


def test_a_drawing_that_never_ends_is_stopped() -> None:
    levels = "".join(
        f"<g id='a{n}'>" + f"<use href='#a{n - 1}'/>" * 10 + "</g>" if n else "<rect id='a0' width='1' height='1'/>"
        for n in range(12)
    )
    with Reader(seconds=1.0) as reading:
        with pytest.raises(UnreadableFile, match=r"memory or time|can't be read"):
            reading.pixels(SVG.format(levels + "<use href='#a11'/>").encode())
        assert len(reading.pixels(drawn("teapot-moss"))) == SIDE * SIDE * 3


def test_the_graph_says_what_the_network_says(reader: Reader, tmp_path: Path) -> None:
    import torch

    encoder = ImageEncoder(tmp_path)
    files = [drawn("teapot-moss"), drawn("teapot-indigo"), photo("JPEG")]
    pixels = [reader.pixels(one) for one in files]
    vectors = encoder.encode(pixels)
    assert vectors.shape == (3, DIMS)
    batch = torch.from_numpy(np.stack([np.frombuffer(one, np.uint8).reshape(SIDE, SIDE, 3) for one in pixels]))
    with torch.no_grad():
        expected = image_export.network()(batch).numpy()
    np.testing.assert_allclose(vectors, expected, atol=1e-4)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1
    (tmp_path / image_features.GRAPH).write_bytes(b"no graph")
    with pytest.raises(DamagedModel, match="can't be loaded"):
        ImageEncoder(tmp_path)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "weights.pth"
    other.write_bytes(b"other")
    with pytest.raises(DamagedModel, match="SHA-256"):
        image_export.checked_weights(other)
