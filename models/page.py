"""A comparison for people: as text for the terminal, and as one HTML page with plots that needs nothing else.

The plots are a few shapes of SVG written here: a plotting library would be the largest dependency of the project.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

_WIDE, _LEFT, _ROW = 760, 190, 22
_BLUE, _GREY, _RED, _GREEN = "#2463a8", "#8a8f98", "#b3261e", "#1b7f4b"


Reports = Mapping[str, Mapping[str, Any]]
"""What was compared on → the comparison, as `compare.compare` gives it: `test`, and `labels` where there are any."""


def text(reports: Reports, refused: Sequence[str]) -> str:
    """Return the comparisons as lines: per language the overall figures, then every type that occurs."""
    lines = []
    for name, report in reports.items():
        lines += [f"{name}: {report['candidate']} against {report['champion']}, the champion"]
        for code, one in report["languages"].items():
            lines += ["", f"{code}: {one['items']} items, {one['stories']} stories"]
            lines.append(f"  {'':20} {'items':>6} {'champion':>9} {'candidate':>9} {'change':>8}   95 % of draws")
            lines += [_line(kind, row) for kind, row in _rows(one)]
            both = (one["champion"], one["candidate"])
            lines += [f"  {kind:20} {'':>6} {both[0][kind]:>9.3f} {both[1][kind]:>9.3f}" for kind in _figures(name)]
        lines.append("")
    lines += [verdict(refused), *(f"  {reason}" for reason in refused)]
    return "\n".join(lines)


def verdict(refused: Sequence[str]) -> str:
    """Return the outcome in one line."""
    return "promotion refused:" if refused else "promotion possible: nowhere worse beyond the interval"


def page(reports: Reports, refused: Sequence[str], drift: str = "") -> str:
    """Return the comparisons as one HTML page; nothing in it is loaded from elsewhere or runs."""
    first = reports["test"]
    parts = [f"<h1>{escape(first['candidate'])}</h1>", f"<p>against {escape(first['champion'])}, the champion</p>"]
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in refused)
    parts.append(f'<p class="{"bad" if refused else "good"}">{escape(verdict(refused))}</p><ul>{reasons}</ul>')
    for name, report in reports.items():
        for code, one in report["languages"].items():
            parts.append(f"<h2>{escape(name)}, {escape(code)}: {one['items']} items, {one['stories']} stories</h2>")
            rows = list(_rows(one))
            parts.append("<h3>Change of F1, with the interval of 95 % of draws</h3>" + forest(rows))
            parts.append("<h3>Said and true: probability and the share that is right</h3>" + reliability(one["bins"]))
            parts.append(_table(rows, one, _figures(name)))
    if drift:
        parts.append(f"<h2>Drift</h2><pre>{escape(drift)}</pre>")
    parts.append(f"<p>{first['rounds']} draws of whole stories, seed {first['seed']}.</p>")
    title = escape(f"{first['candidate']} against {first['champion']}")
    return _PAGE.format(title=title, body="\n".join(parts))


def forest(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Return a plot with one line per row: the change as a dot, its interval as a bar, zero as a line."""
    reach = max([0.05, *(abs(row[side]) for _, row in rows for side in ("low", "high"))])
    high = _ROW * (len(rows) + 1) + 10

    def across(value: float) -> float:
        return float(_LEFT + (value / reach + 1) / 2 * (_WIDE - _LEFT - 20))

    shapes = [_stroke(across(0), 0, across(0), high - _ROW, _GREY)]
    for at, (name, row) in enumerate(rows):
        y = _ROW * (at + 0.7)
        colour = _RED if row["worse"] else _GREEN if row["low"] > 0 else _BLUE
        shapes.append(f'<text x="{_LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        shapes.append(_stroke(across(row["low"]), y, across(row["high"]), y, colour, 3))
        shapes.append(f'<circle cx="{across(row["difference"]):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
    for value in (-reach, 0.0, reach):
        shapes.append(f'<text x="{across(value):.1f}" y="{high - 4}" text-anchor="middle">{value:+.2f}</text>')
    return f'<svg viewBox="0 0 {_WIDE} {high}" width="{_WIDE}" role="img">{"".join(shapes)}</svg>'


def reliability(bins: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Return a plot of mean probability against the share that is true; on the diagonal a model is honest."""
    side, edge = 260, 30

    def spot(x: float, y: float) -> tuple[float, float]:
        return edge + x * side, edge + (1 - y) * side

    shapes = [_stroke(*spot(0, 0), *spot(1, 1), _GREY), _stroke(*spot(0, 0), *spot(1, 0), _GREY)]
    shapes.append(_stroke(*spot(0, 0), *spot(0, 1), _GREY))
    for at, (name, colour) in enumerate((("champion", _GREY), ("candidate", _BLUE))):
        points = [spot(said, true) for said, true in bins[name]]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        shapes.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        shapes += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        shapes.append(f'<text x="{side + 2 * edge}" y="{edge + 20 * at}" fill="{colour}">{name}</text>')
    return f'<svg viewBox="0 0 {side + 160} {side + 2 * edge}" width="{side + 160}" role="img">{"".join(shapes)}</svg>'


def _figures(name: str) -> tuple[str, ...]:
    """Return the figures beside F1; labels say neither status nor sentence, so those cannot be compared."""
    return ("ece",) if name == "labels" else ("ece", "evidence", "status")


def _rows(one: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the overall rows, then the types that occur or are said."""
    yield from one["overall"].items()
    for name, row in one["types"].items():
        if row["items"] or row["champion"] or row["candidate"]:
            yield name, row


def _line(name: str, row: Mapping[str, Any]) -> str:
    mark = "  worse" if row["worse"] else "  better" if row["low"] > 0 else ""
    return (
        f"  {name:20} {row['items']:>6} {row['champion']:>9.3f} {row['candidate']:>9.3f} {row['difference']:>+8.3f}"
        f"   {row['low']:+.3f} to {row['high']:+.3f}{mark}"
    )


def _table(rows: Sequence[tuple[str, Mapping[str, Any]]], one: Mapping[str, Any], figures: Sequence[str]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("", "items", "champion", "candidate", "change", "95 % of draws"))
    made = [f"<tr>{head}</tr>"]
    for name, row in rows:
        cells = [row["items"], *(f"{row[key]:.3f}" for key in ("champion", "candidate"))]
        cells += [f"{row['difference']:+.3f}", f"{row['low']:+.3f} to {row['high']:+.3f}"]
        mark = ' class="bad"' if row["worse"] else ""
        made.append(f"<tr{mark}><td>{escape(name)}</td>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    for name in figures:
        cells = [f"{one[model][name]:.3f}" for model in ("champion", "candidate")]
        made.append(f"<tr><td>{name}</td><td></td><td>{cells[0]}</td><td>{cells[1]}</td><td></td><td></td></tr>")
    return f"<table>{''.join(made)}</table>"


def _stroke(x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1d2129; }}
svg text {{ font: 12px system-ui, sans-serif; }}
table {{ border-collapse: collapse; }}
td, th {{ padding: .15rem .8rem; text-align: right; border-bottom: 1px solid #dde1e6; }}
td:first-child, th:first-child {{ text-align: left; }}
.bad {{ color: #b3261e; font-weight: 600; }}
.good {{ color: #1b7f4b; font-weight: 600; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
