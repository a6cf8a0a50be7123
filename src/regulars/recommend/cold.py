"""A model that has forgotten what people did with some of its items: how a ranker learns what an untouched item is worth.

In lists of trained items alone, nothing is ever untouched, and trees can't know how far to trust a text and what is lent.
So for some of the lists that they learn from, a share of the items is made what a product added today is.
"""

from __future__ import annotations

from dataclasses import replace

from regulars.recommend.dataset import Int32
from regulars.recommend.model import Model
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.covisitation import CovisitationSource
from regulars.recommend.sources.ease import EaseSource
from regulars.recommend.sources.popular import PopularSource
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource


def forgetting(model: Model, items: Int32) -> Model:
    """The same model as if nobody had touched these items: no counts, and in the transformer their texts alone.

    What the words of their texts have learned from them stays: it can't be taken out.
    """
    text = model.sources.get("text")
    sources: list[CandidateSource] = []
    for source in model.sources.values():
        made: CandidateSource = source
        if isinstance(source, CovisitationSource):
            made = CovisitationSource(source.neighbours.without(items), source.settings)
        elif isinstance(source, EaseSource):
            made = EaseSource(source.neighbours.without(items), source.settings)
        elif isinstance(source, PopularSource):
            shares = source.shares.copy()
            shares[items] = 0
            made = PopularSource(shares, source.half_life_days)
        elif isinstance(source, SequenceSource) and isinstance(text, TextSource) and source.space is None:
            rows = text.rows[items]
            read = text.encoder.project(rows)
            members = []
            for member in source.members:
                vectors = member.vectors.copy()
                vectors[items] = member.content(read, rows)
                members.append(replace(member, vectors=vectors))
            made = SequenceSource(members, source.length, source.encoder, dense_up_to=source.dense_up_to)
        sources.append(made)
    return Model(model.product_ids, sources, model.blend, model.ranker, model.facts)
