"""The only room that talks to the web: sources in, articles out.

    sources.py  what to poll                    schedule.py  when                                  pure
    fetch.py    the one door to the network     dial.py      which addresses it may open
    feeds.py    bytes -> entries          pure  extract.py   HTML -> text                          pure
    plain.py    markup -> text            pure  links.py     links as they may be kept             pure
    dates.py    written time -> time      pure  articles.py  entry -> article: identity, revision  pure
    sandbox.py  processes that may die while they read what strangers wrote
    worker.py   due -> fetch -> parse -> articles, and only then the memory of it

Nothing here knows Kafka: the worker is given `publish` and `save`.
"""
