"""A classified article in, one match per account that its signals belong to out; pure.

load_accounts(path) -> Accounts        accounts.py, tree.py   whom we listen for, checked
Finder(accounts).find(body)            mentions.py            names in the text, with probability and why
    names.py     what a name can look like        context.py   what speaks for and against a name
    learn.py     labels → verdicts on names       verdicts.py  what those verdicts weigh
Gazetteer().find(body)                 places.py              towns, regions, countries, groups of countries
roles.judge(...)                       roles.py               actor, target, partner or only mentioned
route(router, classified) -> Routed    step.py                binds account, signal and place by passage
"""
