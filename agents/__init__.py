"""The only room that talks to the web: sources in, articles out.

sources.py   what to poll                    schedule.py  when                                    pure
fetch.py     the one door to the network     dial.py      which addresses it may open
body.py      bytes, counted as they come     sniff.py     is this a feed?                         pure
feeds.py     bytes -> entries          pure  extract.py   HTML -> text                            pure
plain.py     markup -> text            pure  links.py     links as they may be kept               pure
dates.py     written time -> time      pure  articles.py  entry -> article: identity, revision    pure
social.py    what a public post is     pure  mastodon.py bluesky.py reddit.py youtube.py: bytes -> posts
push.py      what is brought -> articles     http.py      the server that takes it, and what hubs send
hub.py       WebSub's words            pure  websub.py    subscriptions: look, ask, confirm, take, renew
sandbox.py   processes that may die while they read what strangers wrote
errors.py    what can go wrong, as a tree    counts.py    what became of everything
kinds.py     kind of source -> where it begins, who reads it
turns.py     who may ask whom, and when      robots.py    may this page be fetched?
poller.py    one turn of a source: documents -> articles, and only then the memory of it
documents.py what a source says now          fuller.py    entry -> article, with the text of its page
relevance.py names in raw pages        pure  health.py    how a source is, in one word            pure
worker.py    due -> poll, until told to stop; sources come and go
control.py   what is polled, on its topic    group.py     our share of it
ingest.py    the worker with Kafka behind `publish` and `save`
receive.py   the push worker: server and subscriptions with Kafka behind them
outbox.py    to the broker, until it has it; Kafka is known here, in ingest, receive, group and control only
"""
