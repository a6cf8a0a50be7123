"""What the shop has written, found and cited: articles, policies and facts of products. Knows no conversation and no customer."""

from regulars.assist.knowledge.gaps import Gap, Unanswered, gaps
from regulars.assist.knowledge.library import Library, read_product
from regulars.assist.knowledge.passages import ArticleText
from regulars.assist.knowledge.products import ProductText, ReviewText, VariantText
from regulars.assist.knowledge.service import Answer, Knowledge

__all__ = [
    "Answer",
    "ArticleText",
    "Gap",
    "Knowledge",
    "Library",
    "ProductText",
    "ReviewText",
    "Unanswered",
    "VariantText",
    "gaps",
    "read_product",
]
