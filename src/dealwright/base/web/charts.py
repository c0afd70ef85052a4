"""The geometry of charts that are drawn on the server; ``charts.html`` draws them.

A chart is laid out twice, for wide and for narrow places, so that its text keeps its size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dealwright.base.web import formats

Number = Decimal | int | float

LEFT, RIGHT, TOP, BOTTOM = 52, 8, 12, 28


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the value axis and what stands beside it."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``text`` is its value, ``label`` its category."""

    x: float
    y: float
    width: float
    height: float
    series: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text under the category axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One series as an SVG path with its points."""

    path: str
    points: Sequence[tuple[float, float, str]]
    series: int
    name: str


@dataclass(frozen=True, slots=True)
class Point:
    """One dot of a scatter chart; ``text`` names both of its values, ``href`` is its record."""

    x: float
    y: float
    series: int
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One drawing of a chart at one width."""

    width: int
    height: int
    baseline: float
    ticks: Sequence[Tick]
    labels: Sequence[Label]
    bars: Sequence[Bar] = field(default_factory=list)
    lines: Sequence[Line] = field(default_factory=list)
    dots: Sequence[Point] = field(default_factory=list)
    fit: tuple[float, float, float, float] | None = None
    reference: Tick | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to heights."""

    low: float
    high: float
    step: float
    height: int

    def y(self, value: float) -> float:
        room = self.height - TOP - BOTTOM
        return round(TOP + room * (self.high - value) / (self.high - self.low), 2)

    def ticks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * at for at in range(count + 1)]


def nice_scale(values: Sequence[float], height: int, lines: int = 4) -> Scale:
    """A scale that includes zero and whose lines stand at round numbers."""
    low, high = min([0.0, *values]), max([0.0, *values])
    if low == high:
        high = 1.0
    raw = (high - low) / lines
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(
        factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw - 1e-12
    )
    return Scale(math.floor(low / step) * step, math.ceil(high / step) * step, step, height)


def bar_layouts(
    rows: Sequence[tuple[str, Any]],
    *,
    currency: str = "",
    percent: bool = False,
    reference: Number | None = None,
    height: int = 220,
) -> list[tuple[str, Layout]]:
    """``rows`` are (label, value) or (label, [value per series])."""
    table = [
        (label, value if isinstance(value, list | tuple) else [value]) for label, value in rows
    ]
    return [
        (kind, _bars(table, width, height, currency, percent, reference))
        for kind, width in (("wide", 640), ("narrow", 340))
    ]


def line_layouts(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[Number | None]]],
    *,
    currency: str = "",
    percent: bool = False,
    reference: Number | None = None,
    height: int = 220,
) -> list[tuple[str, Layout]]:
    """``series`` are (name, [value or None per label])."""
    return [
        (kind, _lines(labels, series, width, height, currency, percent, reference))
        for kind, width in (("wide", 640), ("narrow", 340))
    ]


def dot_layouts(
    rows: Sequence[Any],
    *,
    currency: str = "",
    x_percent: bool = False,
    fit: tuple[Number, Number] | None = None,
    height: int = 320,
) -> list[tuple[str, Layout]]:
    """``rows`` have a label, x, y, href and mark (the series); ``fit`` is a straight line
    (intercept, slope) through them."""
    return [
        (kind, _dots(rows, width, height, currency, x_percent, fit))
        for kind, width in (("wide", 640), ("narrow", 340))
    ]


def value_text(value: Any, currency: str = "", percent: bool = False) -> str:
    """A value in full, as the table behind the chart shows it."""
    if value is None:
        return "–"
    if percent:
        return formats.format_percent(value, 1)
    return formats.format_money(value, currency, short=True)


def short_text(value: float, currency: str = "", percent: bool = False) -> str:
    """A value in few characters, for an axis."""
    exact = Decimal(repr(round(value, 10)))
    if percent:
        return formats.format_percent(exact, 1, fixed=False)
    if abs(value) < 1000 and not currency:
        return formats.format_number(exact.normalize())
    return formats.format_compact_money(exact, currency)


def shares(steps: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Steps of a funnel (label, count, …) with their width and the rate from the step before."""
    most = max([float(step[1]) for step in steps] or [0]) or 1.0
    shown = []
    before: float | None = None
    for step in steps:
        count = float(step[1])
        shown.append(
            {
                "label": step[0],
                "count": step[1],
                "detail": step[2] if len(step) > 2 else "",
                "width": round(max(count / most * 100, 0.5 if count else 0), 2),
                "rate": count / before if before else None,
            }
        )
        before = count
    return shown


def _bars(
    table: Sequence[tuple[str, Sequence[Any]]],
    width: int,
    height: int,
    currency: str,
    percent: bool,
    reference: Number | None,
) -> Layout:
    values = [float(value or 0) for _label, row in table for value in row]
    scale = nice_scale([*values, *_also(reference)], height)
    slot = (width - LEFT - RIGHT) / max(len(table), 1)
    count = max((len(row) for _label, row in table), default=1)
    thick = min(slot * 0.64 / count, 48)
    bars = []
    for at, (label, row) in enumerate(table):
        start = LEFT + slot * at + (slot - thick * count) / 2
        for nth, value in enumerate(row):
            number = float(value or 0)
            top, bottom = scale.y(max(number, 0)), scale.y(min(number, 0))
            bars.append(
                Bar(
                    round(start + thick * nth, 2),
                    top,
                    round(max(thick - 1, 1), 2),
                    round(bottom - top, 2),
                    nth + 1,
                    label,
                    value_text(value, currency, percent),
                )
            )
    centers = [LEFT + slot * (at + 0.5) for at in range(len(table))]
    return Layout(
        width=width,
        height=height,
        baseline=scale.y(0),
        ticks=_ticks(scale, currency, percent),
        labels=_labels([label for label, _row in table], centers, slot),
        bars=bars,
        reference=_reference(scale, reference, currency, percent),
    )


def _lines(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[Number | None]]],
    width: int,
    height: int,
    currency: str,
    percent: bool,
    reference: Number | None,
) -> Layout:
    values = [float(value) for _name, row in series for value in row if value is not None]
    scale = nice_scale([*values, *_also(reference)], height)
    slot = (width - LEFT - RIGHT) / max(len(labels), 1)
    centers = [round(LEFT + slot * (at + 0.5), 2) for at in range(len(labels))]
    lines = []
    for nth, (name, row) in enumerate(series):
        path, points, pen_up = [], [], True
        for at, value in enumerate(row[: len(centers)]):
            if value is None:
                pen_up = True
                continue
            y = scale.y(float(value))
            path.append(f"{'M' if pen_up else 'L'}{centers[at]} {y}")
            text = f"{labels[at]}: {value_text(value, currency, percent)}"
            points.append((centers[at], y, text))
            pen_up = False
        lines.append(Line(" ".join(path), points, nth + 1, name))
    return Layout(
        width=width,
        height=height,
        baseline=scale.y(0),
        ticks=_ticks(scale, currency, percent),
        labels=_labels(labels, centers, slot),
        lines=lines,
        reference=_reference(scale, reference, currency, percent),
    )


def _dots(
    rows: Sequence[Any],
    width: int,
    height: int,
    currency: str,
    x_percent: bool,
    fit: tuple[Number, Number] | None,
) -> Layout:
    upward = nice_scale([float(row.y) for row in rows], height)
    across = nice_scale([float(row.x) for row in rows], height, 5 if width > 400 else 3)

    def x(value: float) -> float:
        room = width - LEFT - RIGHT
        return round(LEFT + room * (value - across.low) / (across.high - across.low), 2)

    dots = [
        Point(
            x(float(row.x)),
            upward.y(float(row.y)),
            row.mark,
            f"{row.label}: {value_text(row.x, '', x_percent)}, {value_text(row.y, currency)}",
            row.href,
        )
        for row in rows
    ]
    line = None
    if fit is not None and rows:
        ends = [min(float(row.x) for row in rows), max(float(row.x) for row in rows)]
        (x1, y1), (x2, y2) = ((at, float(fit[0]) + float(fit[1]) * at) for at in ends)
        line = (x(x1), upward.y(y1), x(x2), upward.y(y2))
    return Layout(
        width=width,
        height=height,
        baseline=upward.y(0),
        ticks=_ticks(upward, currency, False),
        labels=[Label(x(value), short_text(value, "", x_percent)) for value in across.ticks()],
        dots=dots,
        fit=line,
    )


def _ticks(scale: Scale, currency: str, percent: bool) -> list[Tick]:
    return [Tick(scale.y(value), short_text(value, currency, percent)) for value in scale.ticks()]


def _labels(labels: Sequence[str], centers: Sequence[float], slot: float) -> list[Label]:
    """The labels that fit: every second or third where there is no room for all."""
    room = max(int(slot // 6.2), 3)
    longest = max((len(label) for label in labels), default=0)
    every = 1
    while longest > room * every and every < len(labels) and longest <= 9:
        every += 1
    shown = []
    for at, (label, center) in enumerate(zip(labels, centers, strict=True)):
        if at % every == 0:
            letters = room * every
            text = label if len(label) <= letters else label[: max(letters - 1, 2)] + "…"
            shown.append(Label(round(center, 2), text))
    return shown


def _reference(scale: Scale, value: Number | None, currency: str, percent: bool) -> Tick | None:
    if value is None:
        return None
    return Tick(scale.y(float(value)), short_text(float(value), currency, percent))


def _also(value: Number | None) -> list[float]:
    return [] if value is None else [float(value)]
