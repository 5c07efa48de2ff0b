"""Where the articles stand on a page without feed: CSS selectors from the source file."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import ConfigDict, Field, field_validator

from pipeline.records import Part

_LONGEST = 300


class Rules(Part):
    """CSS selectors: `item` is looked for in the page, the others inside each item."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str = Field("", description="one block per article; empty: each `link` is its own block")
    link: str = Field("", description="the link to the article, or what it stands in; empty: the block's own")
    title: str = Field("", description="the headline; empty: the link's text")
    date: str = Field("", description="the date; its `datetime` or `content` attribute goes before its text")
    teaser: str = Field("", description="a few sentences")

    @field_validator("item", "link", "title", "date", "teaser")
    @classmethod
    def _readable(cls, value: str) -> str:
        """Refuse what is no selector."""
        if len(value) > _LONGEST:
            raise ValueError(f"longer than {_LONGEST} characters")
        if value:
            try:
                select(value)
            except SyntaxError as error:
                raise ValueError(f"{value!r:.60} is no CSS selector: {error}") from None
        return value

    @property
    def empty(self) -> bool:
        """Whether they say nothing about where links are."""
        return not (self.item or self.link)


@lru_cache(maxsize=256)
def select(selector: str) -> Any:
    """Return a selector as a function of an element.

    Raises:
        SyntaxError: it is none, or uses what does not exist outside a browser (`:hover`).
    """
    # Not at the top: sources are read where no page ever is.
    from lxml.cssselect import CSSSelector

    return CSSSelector(selector, translator="html")
