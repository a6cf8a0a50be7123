"""Ten thousand products written in one run that is killed in the middle: is it whole afterwards, and is nothing written twice?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import regulars
from regulars.store import texts as table


def killed_in_the_middle(many: int) -> dict[str, float]:
    """written: texts there are; twice: products with two; open: what is left; seconds of both runs together."""
    with tempfile.TemporaryDirectory(prefix="regulars-bulk-", ignore_cleanup_errors=True) as parent:
        folder = Path(parent).resolve() / "shop"
        file = Path(parent) / "products.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for number in range(many):
                out.write(json.dumps({"id": f"P{number}", "title": f"Clay pot {number}", "category": ["Garden", "Pots"], "attributes": {"material": "clay", "height": f"{number % 40 + 8} cm", "colour": ("white", "grey", "brown")[number % 3]}, "price": "9"}) + "\n")  # fmt: skip
        with regulars.init(folder) as shop:
            shop.import_file("products", file)
            with shop.database.connect() as connection:
                writing_id, ordered = shop.studio.begin(connection, ["description"], ["en"])
            command = [
                sys.executable,
                "-m",
                "regulars.cli",
                "write",
                "--go-on",
                str(writing_id),
                "--json",
                "--workspace",
                str(folder),
            ]
            began = time.monotonic()
            first = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            while True:
                time.sleep(0.2)
                with shop.database.connect() as connection:
                    done = table.writing(connection, writing_id)["done"]
                if done >= ordered // 2:
                    break
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds = time.monotonic() - began
            with shop.database.connect() as connection:
                row = connection.execute(
                    "SELECT count(*) AS texts, count(DISTINCT product_id) AS products FROM texts"
                ).fetchone()
                left = table.writing(connection, writing_id)["open"]
        assert row is not None
        return {
            "bulk_written": float(row["texts"]),
            "bulk_twice": float(row["texts"] - row["products"]),
            "bulk_left": float(left),
            "bulk_texts_per_second": ordered / seconds,
        }
