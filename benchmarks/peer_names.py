"""A peer's way of finding names, run by a Python that has it: `peer_names.py LIBRARY NAMES.json TEXTS.json`.

Prints one line of JSON: seconds of CPU time for building and for finding, and how many names were found. Only the
library and the standard library are imported.
"""

import importlib
import json
import sys
import time
from pathlib import Path


def ahocorasick(names, texts):
    """Build a pyahocorasick automaton and look at word boundaries in a loop, as its users do."""
    library = importlib.import_module("ahocorasick")
    automaton = library.Automaton()
    for name in names:
        automaton.add_word(name.lower(), len(name))
    automaton.make_automaton()
    yield None
    for text in texts:
        low = text.lower()
        for end, size in automaton.iter(low):
            start = end - size + 1
            if not (low[start - 1 : start].isalnum() or low[end + 1 : end + 2].isalnum()):
                yield start


def spacy(names, texts):
    """Let spaCy's PhraseMatcher match lower-case tokens, with a tokenizer and nothing else."""
    library = importlib.import_module("spacy")
    matching = importlib.import_module("spacy.matcher")
    language = library.blank("xx")
    matcher = matching.PhraseMatcher(language.vocab, attr="LOWER")
    matcher.add("name", list(language.tokenizer.pipe(names)))
    yield None
    for text in texts:
        yield from matcher(language.tokenizer(text))


def main():
    """Run one peer."""
    library, *files = sys.argv[1:]
    names, texts = (json.loads(Path(file).read_text()) for file in files)
    began = time.process_time()
    found = globals()[library](names, texts)
    next(found)
    built = time.process_time()
    count = sum(1 for _ in found)
    print(json.dumps({"build": built - began, "find": time.process_time() - built, "found": count}))


if __name__ == "__main__":
    main()
