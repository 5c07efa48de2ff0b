"""Reads pages as news-please does; runs in that one's own environment. File names on standard input, JSON out."""

import gzip
import json
import sys
import time
from pathlib import Path

from newsplease import NewsPlease

files = [Path(name) for name in sys.stdin.read().split("\n") if name]
bodies = [gzip.decompress(file.read_bytes()).decode("utf-8", "replace") for file in files]
texts = {}
seconds = 0.0
# The first page pays for what is loaded then; it is read once more.
for file, body in zip([*files[:1], *files], [*bodies[:1], *bodies], strict=True):
    began = time.process_time()
    try:
        article = NewsPlease.from_html(body, url="https://example.com/a", fetch_images=False)
        text = article.maintext or ""
    except Exception:
        # What it raises is its own; a page that it cannot read has no text.
        text = ""
    seconds += time.process_time() - began if texts else 0.0
    texts[file.name] = text
json.dump({"seconds": seconds, "texts": texts}, sys.stdout)
