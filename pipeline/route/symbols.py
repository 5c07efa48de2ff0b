"""Stock symbols in brackets: `Kappa Inc. (NYSE: KPA)`."""

from __future__ import annotations

import re
from typing import Final

from pipeline.records import Mention

_EXCHANGE: Final = (
    r"(?:NYSE(?: American)?|N(?:ASDAQ|asdaq)(?:GS|CM)?|AMEX|OTC(?:QB|QX|PK|MKTS)?|TSX(?:-?V)?|CSE|FSE|FWB|XETRA|"
    r"Xetra|ETR|LSE|AIM|ASX|HKEX|SEHK|SIX|TYO|TSE|BSE|NSE|DE|US|EPA|AMS|VIE)"
)
_SYMBOL = re.compile(rf"{_EXCHANGE}: ?\$?([A-Z][A-Z0-9.]{{0,6}})(?![\w.])")
_SYMBOLS = re.compile(
    rf" ?\({_EXCHANGE}: ?\$?[A-Z][A-Z0-9.]{{0,6}}(?:[,;/] ?(?:{_EXCHANGE}: ?)?\$?[A-Z][A-Z0-9.]{{0,6}})*\)"
)


def with_symbols(body: str, found: list[Mention]) -> list[Mention]:
    """Add stock symbols in brackets right after a name, which are that account's whether it lists them or not."""
    out = []
    for index, mention in enumerate(found):
        out.append(mention)
        match = _SYMBOLS.match(body, mention.end)
        if not match:
            continue
        following = found[index + 1].start if index + 1 < len(found) else len(body)
        for symbol in _SYMBOL.finditer(body, *match.span()):
            if symbol.end(1) <= following:
                why = f"symbol '{symbol.group(1)}': it stands in brackets after '{mention.text}'"
                span = {"text": symbol.group(1), "start": symbol.start(1), "end": symbol.end(1)}
                out.append(mention.model_copy(update={**span, "why": why}))
    return out
