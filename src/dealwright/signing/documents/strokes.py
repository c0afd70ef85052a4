"""A drawn signature: strokes kept as vectors, never judged or stored as pixels.

Both axes are measured in widths of the drawing pad, so a turn of the phone or another
screen changes nothing: ``{"ratio": height / width, "strokes": [[[x, y, ms], ...], ...]}``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dealwright.base.errors import Invalid

MAX_STROKES = 300
MAX_POINTS = 12_000
SHORTEST = 0.08  # total length in pad widths: less is a slip of the finger

Point = tuple[float, float, int]


@dataclass(frozen=True, slots=True)
class Strokes:
    """A signature as it was drawn: each stroke a list of (x, y, milliseconds since the first)."""

    ratio: float
    strokes: tuple[tuple[Point, ...], ...]

    def as_json(self) -> dict[str, Any]:
        return {"ratio": self.ratio, "strokes": [[list(p) for p in s] for s in self.strokes]}

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the ink."""
        xs = [x for stroke in self.strokes for x, _, _ in stroke]
        ys = [y for stroke in self.strokes for _, y, _ in stroke]
        return min(xs), min(ys), max(xs), max(ys)

    def segments(self) -> list[list[tuple[float, ...]]]:
        """Each stroke as a smooth path: a start (x, y), then quadratic pieces (cx, cy, x, y)."""
        return [_smooth(stroke) for stroke in self.strokes]

    def svg_path(self, *, width: int = 1000) -> str:
        """The ``d`` of an SVG path on a pad ``width`` units wide."""
        parts = []
        for stroke in self.segments():
            first, *rest = stroke
            parts.append(f"M{first[0] * width:.1f} {first[1] * width:.1f}")
            parts += ["Q" + " ".join(f"{value * width:.1f}" for value in piece) for piece in rest]
        return "".join(parts)


def read_strokes(data: Any) -> Strokes:
    """Strokes from what a browser sent; raises Invalid with a sentence where it is no signature."""
    try:
        ratio = float(data["ratio"])
        strokes = tuple(
            tuple((float(x), float(y), int(ms)) for x, y, ms in stroke)
            for stroke in data["strokes"]
        )
    except (TypeError, KeyError, ValueError, OverflowError):
        raise _wrong("The drawn signature could not be read. Clear it and draw it again.") from None
    strokes = tuple(stroke for stroke in strokes if stroke)
    if len(strokes) > MAX_STROKES or sum(map(len, strokes)) > MAX_POINTS:
        raise _wrong("The drawn signature has too many strokes. Clear it and draw a simpler one.")
    if not 0.05 <= ratio <= 5 or any(
        not (-0.1 <= x <= 1.1 and -0.1 <= y <= ratio + 0.1)
        for stroke in strokes
        for x, y, _ in stroke
    ):
        raise _wrong("The drawn signature lies outside its box. Clear it and draw it again.")
    if sum(_length(stroke) for stroke in strokes) < SHORTEST:
        raise _wrong("Draw your signature in the box, or type your name instead.")
    return Strokes(ratio=ratio, strokes=strokes)


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, code="bad_signature", fields={"strokes": [sentence]})


def _length(stroke: Sequence[Point]) -> float:
    return sum(math.hypot(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(stroke))


def _smooth(stroke: Sequence[Point]) -> list[tuple[float, ...]]:
    """Quadratic Bézier pieces through the midpoints, with the drawn points as controls."""
    points = [(x, y) for x, y, _ in stroke]
    if len(points) == 1:  # a dot: the pen went down and up again
        x, y = points[0]
        return [(x, y), (x + 0.001, y, x + 0.002, y)]
    path: list[tuple[float, ...]] = [points[0]]
    for (x, y), (nx, ny) in itertools.pairwise(points[1:]):
        path.append((x, y, (x + nx) / 2, (y + ny) / 2))
    path.append((*points[-1], *points[-1]))
    return path
