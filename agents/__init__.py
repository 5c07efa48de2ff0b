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
poller.py    one turn of a source: fetch -> parse -> articles, and only then the memory of it
worker.py    due -> poll, until told to stop
ingest.py    the same with Kafka behind `publish` and `save`
receive.py   the push worker: server and subscriptions with Kafka behind them
outbox.py    to the broker, until it has it; Kafka is known here, in ingest, receive, group and control only
"""
