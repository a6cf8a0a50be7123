"""Changes texts a little so that a judge learns what they say and not how: words left out, words replaced. No models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ALIKE = (
    ("small", "little", "mini", "compact"),
    ("large", "big", "jumbo"),
    ("shampoo", "hair wash"),
    ("lotion", "moisturizer", "body cream"),
    ("perfume", "fragrance", "scent"),
    ("men", "men's", "male"),
    ("women", "women's", "ladies"),
    ("kids", "children's", "junior"),
    ("sofa", "couch"),
    ("mug", "cup"),
    ("trousers", "pants"),
    ("jumper", "sweater", "pullover"),
    ("sneakers", "trainers", "running shoes"),
    ("bag", "tote"),
    ("set", "kit", "pack"),
    ("bottle", "flask"),
    ("rug", "carpet"),
    ("lamp", "light"),
    ("natural", "organic"),
    ("cheap", "budget", "value"),
    ("gift", "present"),
    ("phone", "smartphone", "mobile"),
    ("laptop", "notebook"),
    ("tv", "television"),
    ("fast", "quick", "rapid"),
    ("grey", "gray"),
    ("colour", "color"),
)
"""Groups of words that mean about the same in a shop."""

_OTHERS = {word: [other for other in group if other != word] for group in ALIKE for word in group if " " not in word}
REPLACED = 0.5
"""Share of the words in the table that are replaced."""


def augmented(texts: Sequence[str], generator: np.random.Generator, dropout: float, synonyms: bool) -> list[str]:
    """Each text with a share of its words left out, at least one kept, and some replaced by a synonym.

    >>> augmented(["grey"], np.random.default_rng(0), 0.9, False)
    ['grey']
    """
    out = []
    for text in texts:
        words = text.split()
        if dropout and len(words) > 1:
            kept = generator.random(len(words)) >= dropout
            kept[int(generator.integers(len(words)))] = True
            words = [word for word, keep in zip(words, kept.tolist(), strict=True) if keep]
        if synonyms:
            for place, word in enumerate(words):
                others = _OTHERS.get(word.lower())
                if others and generator.random() < REPLACED:
                    words[place] = others[int(generator.integers(len(others)))]
        out.append(" ".join(words))
    return out
