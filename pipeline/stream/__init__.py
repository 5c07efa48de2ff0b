"""The only room that imports Faust: the guard, one file per stage, and `app.py`, where all is wired.

stages.py    the table of stages: topic in, record, topics out
app.py       a stage of the table, the guard round its step, Faust under it
guard.py     nothing that comes in is lost           drain.py   what has arrived, at once, in batches
classify.py route.py alert.py: the stages            sample.py  one article to warm up with
promotions.py, rules.py, force.py, accounts.py, says.py: what topics beside the path say, as it is now
lag.py       how far a stage is, as the broker knows meter.py   what is counted beside outcomes
"""
