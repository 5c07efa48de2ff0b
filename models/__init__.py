"""The classifier: what reads, learns and judges; the only room that imports scikit-learn.

corpus.py     labelled items from JSONL, and which of them tell the same story
features.py   text to numbers
scorer.py     a trained model in service: types, status, evidence
registry.py   save and load a version: skops after a SHA-256 check, never a pickle
train.py      corpus → version;  python -m models.train
evaluate.py   figures by cross-validation;  python -m models.evaluate
champion/     the version that ships, with its card and figures
seed/         training text written for this project: invented companies
"""
