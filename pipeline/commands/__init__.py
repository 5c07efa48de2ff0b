"""Groups of commands, one file each; `pipeline/cli.py` puts them under `stellwerk`.

start.py     what every command begins with      folder.py   a folder of files, put onto topics
sources.py   what to poll                        accounts.py whom we listen for
rules.py     keyword combinations                push.py     articles that somebody brings
profiles.py  what suppliers want                 routes.py   who gets which alerts
stories.py   are two articles one story?         labels.py   people's verdicts
model.py     train, evaluate, promote, shadow    contract.py what readers may rely on
process.py   all steps without Kafka             read.py     a feed, a page
lines.py     a file, or standard input           forget.py   a person
topics.py    make, check, rewind, rights         dead.py     dead letters
backup.py    into a folder and back              doctor.py   what is wrong here
"""
