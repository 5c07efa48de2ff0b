"""The classifier: what reads, learns and judges; the only room that imports scikit-learn.

corpus.py     labelled items from JSONL;  folds.py  which of them tell the same story
tokens.py     text to words;  features.py  words to numbers;  counting.py  the arithmetic under it
companies.py  which words name a company;  lesson.py  learning that from labels;  cues.py  what form a text has
mixer.py      margins and cues, weighed by small nets;  blend.py  trains them
lexicon.py    what words mean, names.txt among them;  names.py  counts those names
scorer.py     a trained model in service: types, status, evidence
store.py      a folder here or behind a URL
registry.py   save and load a version: skops after a SHA-256 check, never a pickle;  packed.py  what is inside
learn.py      labelled items → weights, without files
train.py      corpus → version;  python -m models.train, stellwerk train
evaluate.py   figures by cross-validation;  python -m models.evaluate
labels.py     people's verdicts: which counts, who disagrees, what can be learnt;  exchange.py  as files
suggest.py    which articles are worth a person's time
compare.py    a candidate against the champion, with intervals;  page.py  for people
stories.py    fits what says that two articles are one story;  python -m models.stories
roles.py      fits what says which role an account plays;  python -m models.roles
bears.py      fits what says whether an account bears a signal;  python -m models.bears
drift.py      has the news changed since?
promotion.py  who went into service when and why, and the way back
champion/     the version that ships, with its card and figures
seed/         training text written for this project: invented companies; labels of our own reading
"""
