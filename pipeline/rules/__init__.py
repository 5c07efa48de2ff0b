"""Keyword combinations: a deployment's own Boolean queries, the second source of signals; pure.

    load_rules(path) -> Rules             files.py: TOML in, checked; every fault with file, line and column
                                          text.py: how queries and texts are spelt
    parse(query) -> Node                  query.py: Lucene syntax; the tree is tree.py's
    Automaton(queries).find(text)         automaton.py: one pass over the text for the words of all rules
    Book(rules).signals(…) -> [Signal]    match.py: which rules hit, and the sentences in which their words stand

The syntax, for people: `docs/rules.md`.
"""
