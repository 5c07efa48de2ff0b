"""What a text says in figures: amounts, jobs, capacities, areas, dates and partners, by rules; pure.

    find(body, language, published) -> [Fact, …]      find.py, in the order of the text
    belong(facts, signals, body) -> [Fact, …]         find.py, each with the type of the signal it speaks of

    numbers.py    `1,2 Mrd.`, `four thousand`, `1'000'000` -> a value and where it stands
    amounts.py    a number with a currency, or `Milliarden-Deal`; never a price per unit or share
    jobs.py       a number with people or posts
    measures.py   a number with megawatts, tonnes per year, square feet
    dates.py      where a date is named, and whether it says when something happens
    cores.py      the days that are named: years, months, quarters, halves, seasons
    relative.py   those that count from the article's day
    periods.py    which days `Mitte 2026`, `the third quarter` or `in zwei Jahren` are
    partners.py   the name behind `partnership with`

Every digit and every number word is looked at once; the expressions are tried from there, to the right and to the left.
"""
