"""The only room that imports Faust: the guard, one file per stage, and `app.py`, where all is wired."""
