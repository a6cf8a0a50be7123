"""Pictures of a real shop: encoded once, again when they change, failures kept and told, private hosts refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from regulars.demo.pictures import picture
from regulars.errors import InvalidInput, TooLarge, UnreadableFile
from regulars.recommend import pictures
from regulars.recommend.sources.image import ImageSource
from regulars.recommend.train import settings_for
from regulars.shop import Shop
from store.helpers import products
from test_shop import people_shop

pytest.importorskip("efficientnet_lite_pytorch")


class Pages(BaseHTTPRequestHandler):
    """/NAME.svg is the demo's drawing; the rest is trouble."""

    def do_GET(self) -> None:
        if self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.end_headers()
            return
        if self.path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.2:1/x")
            self.end_headers()
            return
        drawn = picture(self.path[1:].removesuffix(".svg"))
        if self.path == "/large":
            drawn = "x" * (pictures.MAX_BYTES + 1)
        self.send_response(200 if drawn else 404)
        self.end_headers()
        self.wfile.write((drawn or "").encode())

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=partial(server.serve_forever, 0.05), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_pictures_are_encoded_once_and_again_when_they_change(shop: Shop, site: str) -> None:
    products(
        shop.database,
        {"id": "a", "pictures": [f"{site}/teapot-moss.svg", "http://no.example/second.png"]},
        {"id": "b", "pictures": [f"{site}/nothing.svg"]},
        {"id": "c"},
    )
    refused = shop.encode_pictures()
    assert (refused.encoded, refused.failed) == (0, 2)
    assert "private address" in shop.pictures_status().errors[0][1]
    with shop.database.connect() as connection:
        connection.execute("UPDATE picture_vectors SET at = at - interval '2 days'")
    shop.change_settings(picture_hosts=["127.0.0.1"])
    done = shop.encode_pictures()
    assert (done.encoded, done.failed, done.left) == (1, 1, 0)
    found = shop.pictures_status()
    assert (found.products, found.pictures, found.encoded, found.failed, found.waiting) == (3, 2, 1, 1, 0)
    assert found.errors[0][1] == "The server answered 404."
    assert shop.encode_pictures() == pictures.Encoded()  # nothing to do, and what failed waits a day

    def read() -> tuple[int, np.ndarray]:
        with shop.database.connect() as connection:
            ids = [row["product_id"] for row in connection.execute("SELECT product_id FROM products ORDER BY 1")]
            vectors = pictures.vectors(connection, np.array(ids, np.int64))
            assert vectors is not None
            return pictures.newest_change(connection), vectors

    change, before = read()
    np.testing.assert_allclose(np.linalg.norm(before, axis=1), [1, 0, 0], atol=2e-3)
    products(shop.database, {"id": "a", "pictures": [f"{site}/camp-mug-oat.svg"]})
    assert shop.encode_pictures().encoded == 1
    later, after = read()
    assert later > change
    assert before[0] @ after[0] < 0.9
    products(shop.database, {"id": "a", "pictures": []})
    shop.encode_pictures()
    assert shop.pictures_status().encoded == 0
    with shop.database.connect() as connection:
        connection.execute("DELETE FROM products")
        row = connection.execute("SELECT count(*) AS n FROM picture_vectors").fetchone()
        assert row is not None
        assert row["n"] == 0


def test_what_is_fetched_has_limits(site: str) -> None:
    own = frozenset({"127.0.0.1"})
    assert pictures.fetch(f"{site}/teapot-moss.svg", own).startswith(b"<svg")
    with pytest.raises(InvalidInput, match="private"):
        pictures.fetch(f"{site}/teapot-moss.svg")
    with pytest.raises(InvalidInput, match="private"):
        pictures.fetch(f"{site}/inside", own)
    with pytest.raises(UnreadableFile, match="redirects"):
        pictures.fetch(f"{site}/round", own)
    with pytest.raises(TooLarge):
        pictures.fetch(f"{site}/large", own)
    for address in ("file:///etc/hostname", "/relative.png", "ftp://example.org/x.png", "http://"):
        with pytest.raises(InvalidInput, match="http"):
            pictures.fetch(address, own)


def test_a_product_added_after_training_counts_by_its_picture_once_that_is_encoded(shop: Shop) -> None:
    def local(url: str) -> bytes | None:
        return (picture(url) or "").encode() or None

    people_shop(shop)
    with shop.database.connect() as connection:
        names = connection.execute("SELECT value FROM external_ids WHERE kind = 'product' ORDER BY id").fetchall()
    shown = ["teapot-moss", "camp-mug-oat", "kite-ember", "pan-cocoa"]
    for place, name in enumerate(names):
        products(shop.database, {"id": name["value"], "pictures": [shown[place % len(shown)]]})
    shop.encode_pictures(local=local)
    trained = shop.train(settings=settings_for(1.0, pictures=True))
    assert trained.report["pictures"] == len(names)
    shop.live.refresh()
    products(shop.database, {"id": "added", "pictures": ["kite-linen"]})

    def neighbours() -> int:
        shop.live.refresh()
        model = shop.live.serving().model
        assert model is not None
        source = model.sources["image"]
        assert isinstance(source, ImageSource)
        assert len(source.vectors) == len(names) + 1
        return int(np.count_nonzero(source.neighbours.weights[source.neighbours.offsets[-2] :]))

    assert neighbours() == 0
    shop.encode_pictures(local=local)
    assert neighbours() > 0
