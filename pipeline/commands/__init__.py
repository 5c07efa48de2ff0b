"""The command line's larger commands, one file each; `pipeline/cli.py` puts them together."""
