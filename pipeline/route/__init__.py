"""A classified article in, one match per account that its signals belong to out; pure.

load_accounts(path) -> Accounts        accounts.py, tree.py   whom we listen for, checked
    export.py    and back into a file              suggest.py   what would improve the file
    learn.py     labels → verdicts on names        verdicts.py  what those verdicts weigh
Finder(accounts).find(body)            mentions.py            names in the text, with probability and why
    names.py     what a name can look like         spellings.py all spellings of all names, found in one pass
    table.py     forms by spelling, packed         hits.py      what is found, shaped into words
    symbols.py   stock symbols in brackets         words.py     names that are also something else
    context.py   what speaks for and against a name
Gazetteer().find(body)                 places.py              towns, regions, countries, groups of countries
    gazetteer.py all names of places               lookup.py    which words could be one
    towns.py     which town of that name           dateline.py  where an article was written
    regions.py   the deployment's sales regions
roles.judge(...)                       roles.py               actor, target, partner or only mentioned
    cues.py      words that say so                 frames.py    sentences whose grammar says so
route(router, classified) -> Routed    step.py                binds account, signal and place by passage
    passages.py  sentences, for routing            binding.py   to whom a signal belongs
    sites.py     which site is meant               watch.py     of what there shall be no alert
"""
