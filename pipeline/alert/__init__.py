"""From matches to alerts: which story, what has changed, what a person gets; pure.

decide(memory, match) -> Decided     step.py: one match, and the alerts so far
memory.py     every alert that still stands      joining.py   which story a match belongs to
story.py      are two articles one story?        words.py     what that comparison reads in a text
grow.py       how a match makes an alert grow    cycle.py     labels, withdrawals, alerts that are one
programme.py  what connects alerts               pairs.py     pairs of articles in a file, judged
scores(profiles, alert) -> {…}       profiles.py: how much each kind of supplier wants it
choose(routes, alert) -> [Route]     routes.py: which way it takes
receivers.py  who is told, and when              outgoing.py  what is to be told to whom now
letters.py    what receivers read
"""
