"""Groups of commands, one file each; `pipeline/cli.py` puts them under `stellwerk`."""
