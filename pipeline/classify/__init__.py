"""An article in, the same article with its language, signals and evidence out; pure.

    language(title, text, hint) -> "de"        language.py; walk.py for many texts at once
    sentences(body) -> [Sentence(0, 42), …]    sentences.py
    classify(scorer, articles) -> [Classified] step.py, the batch step; the scorer comes from `models`
    which way business moves               direction.py

Nothing here imports scikit-learn: a `Scorer` is anything that turns prepared articles into findings.
"""
