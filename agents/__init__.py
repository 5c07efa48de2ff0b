"""The only room that talks to the web: sources in, articles out.

sources.py   what to poll                    schedule.py  when                                    pure
rows.py opml.py export.py: source files in TOML, CSV, OPML   rules.py  CSS rules of a page         pure
fetch.py     the one door to the network     dial.py      which addresses it may open
body.py      bytes, counted as they come     sniff.py     is this a feed?                         pure
feeds.py     bytes -> entries          pure  fast.py      the same for XML that is XML            pure
entries.py   what all are read into    pure  trees.py     strangers' XML, whole or not at all     pure
pages.py     lists of links -> entries pure  sitemaps.py  sitemaps -> entries                     pure
extract.py   HTML -> text              pure  chars.py     bytes -> the characters meant        pure
walls.py     what stands in its place  pure  phrases.py   and by which words it is known          pure
chaff.py     lines that are not its own pure links.py     links as they may be kept               pure
plain.py     markup -> text            pure  dates.py     written time -> time                    pure
articles.py  entry -> article          pure  identity.py  which links and texts are the same      pure
discover.py  home page -> what can be polled of it
social.py    what a public post is     pure  mastodon.py bluesky.py reddit.py youtube.py: bytes -> posts
push.py      what is brought -> articles     http.py      the server that takes it, and what hubs send
hub.py       WebSub's words            pure  websub.py    subscriptions: look, ask, confirm, take, renew
sandbox.py   processes that may die while they read what strangers wrote
errors.py    what can go wrong, as a tree    counts.py    what became of everything
kinds.py     kind of source -> where it begins, who reads it
atom.py      Atom of the networks that give it  pure  members.py  members of JSON from strangers   pure
turns.py     who may ask whom, and when      robots.py    may this page be fetched?
poller.py    one turn of a source: documents -> articles, and only then the memory of it
documents.py what a source says now          fuller.py    entry -> article, with the text of its page
relevance.py names in raw pages        pure  health.py    how a source is, in one word            pure
again.py     articles of alerts: still there, or taken away?
worker.py    due -> poll, until told to stop; sources come and go
control.py   what is polled, on its topic    group.py     our share of it
ingest.py    the worker with Kafka behind `publish` and `save`
receive.py   the push worker: server and subscriptions with Kafka behind them
memory.py    what is remembered of each source, and how they are                                  pure
figures.py   the worker's counts as metrics, and whether it gets on
notify.py    the notify worker: notifier.py, alerts in, receivers told; tell.py, one message to one receiver
outbox.py    to the broker, until it has it

Kafka is known in again, control, figures, group, ingest, notifier, notify, outbox and receive only.
"""
