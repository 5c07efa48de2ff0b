"""The path of an article, from the web to the person who should know.

    sources --(agents: fetch, parse, extract)--> articles
    articles --(classify: language, signals, evidence)--> classified
    classified --(route: accounts, places, roles)--> matches
    matches --(alert: story, score, life cycle)--> alerts
    what cannot be processed --> dead-letters        what is refused --> a counted reason

Each arrow is a Kafka topic (`topics.py`), each stage a Faust app of its own (`stream/`), each decision a
plain function over records (`classify/`, `route/`, `alert/`). Nothing imports against the arrows' direction:
`cli → deploy → agents, stream → models → classify, route, alert → records`.
"""
