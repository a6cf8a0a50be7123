"""One shop, wired: the Python API. `regulars.open("myshop").recommend(…)` and what the command line and the web stand on."""

from __future__ import annotations
