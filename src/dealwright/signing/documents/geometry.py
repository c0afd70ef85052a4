"""Where things stand on a page: fractions of what a person sees, whatever the page's own axes.

A PDF page has a coordinate system of its own (ISO 32000-2, 8.3 and 14.11.2): a MediaBox
that need not start at zero, a CropBox that hides part of it, a rotation for display and a
UserUnit. Fields are stored as fractions of the visible box, from its top left corner, so
they mean the same in the editor, on a phone and in the sealed file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions of the visible page, origin top left."""

    x: float
    y: float
    w: float
    h: float

    def inside(self) -> Box:
        """The nearest box of this size (shrunk where it must) that lies on the page."""
        w, h = min(max(self.w, 0.0), 1.0), min(max(self.h, 0.0), 1.0)
        return Box(min(max(self.x, 0.0), 1.0 - w), min(max(self.y, 0.0), 1.0 - h), w, h)


@dataclass(frozen=True, slots=True)
class PageGeometry:
    """One page: its visible box in user space (points before rotation) and how it is turned.

    ``left``/``bottom``/``right``/``top`` are the CropBox cut by the MediaBox; ``rotation``
    is 0, 90, 180 or 270 degrees clockwise; ``unit`` is UserUnit (1 = 1/72 inch).
    """

    left: float
    bottom: float
    right: float
    top: float
    rotation: int = 0
    unit: float = 1.0

    @property
    def width(self) -> float:
        """Visible width in points (1/72 inch), after rotation."""
        across = self.right - self.left if self.rotation % 180 == 0 else self.top - self.bottom
        return across * self.unit

    @property
    def height(self) -> float:
        """Visible height in points, after rotation."""
        along = self.top - self.bottom if self.rotation % 180 == 0 else self.right - self.left
        return along * self.unit

    @property
    def matrix(self) -> Matrix:
        """From visible points (origin bottom left, y up) to the page's user space."""
        k = 1 / self.unit
        match self.rotation:
            case 90:
                return (0, k, -k, 0, self.right, self.bottom)
            case 180:
                return (-k, 0, 0, -k, self.right, self.top)
            case 270:
                return (0, -k, k, 0, self.left, self.top)
            case _:
                return (k, 0, 0, k, self.left, self.bottom)

    def to_user(self, box: Box) -> tuple[float, float, float, float]:
        """The box as (left, bottom, right, top) in user space."""
        corners = [
            self._user_point(box.x * self.width, (1 - box.y) * self.height),
            self._user_point((box.x + box.w) * self.width, (1 - box.y - box.h) * self.height),
        ]
        xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
        return xs[0], ys[0], xs[1], ys[1]

    def from_user(self, left: float, bottom: float, right: float, top: float) -> Box:
        """What a rectangle of user space is to the person who looks at the page."""
        corners = [self._visible_point(left, bottom), self._visible_point(right, top)]
        xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
        return Box(
            x=xs[0] / self.width,
            y=1 - ys[1] / self.height,
            w=(xs[1] - xs[0]) / self.width,
            h=(ys[1] - ys[0]) / self.height,
        )

    def _user_point(self, x: float, y: float) -> tuple[float, float]:
        a, b, c, d, e, f = self.matrix
        return a * x + c * y + e, b * x + d * y + f

    def _visible_point(self, x: float, y: float) -> tuple[float, float]:
        a, b, c, d, e, f = self.matrix
        det = a * d - b * c
        x, y = x - e, y - f
        return (d * x - c * y) / det, (a * y - b * x) / det

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PageGeometry:
        return cls(**data)
