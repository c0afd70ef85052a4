"""Pictures that people put into documents: a stamp, a photographed signature.

What is kept is drawn anew from the pixels, as PNG: no metadata, nothing hidden behind the
picture. Hostile until it was read, so it is read in the limited process.
"""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageChops, ImageFilter, ImageOps, UnidentifiedImageError

from dealwright.base.errors import Invalid

MAX_PIXELS = 50_000_000
STAMP_SIDE = 1_000  # pixels
SIGNATURE_SIDE = 800
_FORMATS = ("PNG", "JPEG")


def read_picture(content: bytes) -> bytes:
    """The picture as a PNG of at most ``STAMP_SIDE`` pixels a side. Raises Invalid."""
    return _limited("picture", content)


def read_signature(content: bytes) -> bytes:
    """The ink of a photographed or scanned signature as a PNG with a transparent background,
    cut to the ink. Raises Invalid where there is none."""
    return _limited("signature_picture", content)


def redraw(content: bytes) -> bytes:
    """What ``read_picture`` does, here and now."""
    picture = open_picture(content, formats=_FORMATS).convert("RGBA")
    picture.thumbnail((STAMP_SIDE, STAMP_SIDE))
    return _png(picture)


def ink_of(content: bytes) -> bytes:
    """What ``read_signature`` does, here and now: ink is what is darker than the paper around
    it; of a picture that is transparent already its own ink is kept."""
    picture = open_picture(content, formats=_FORMATS).convert("RGBA")
    picture.thumbnail((SIGNATURE_SIDE * 2, SIGNATURE_SIDE * 2))
    own = picture.getchannel("A")
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    grey = ImageOps.grayscale(paper.convert("RGB"))
    light = grey.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(40))
    darkness = ImageChops.subtract(light, grey)
    strongest = max(at for at, count in enumerate(darkness.histogram()) if count)
    if strongest < 40:
        raise _wrong("No signature can be seen in the picture. Use dark ink on light paper.")
    low, high = strongest * 0.25, strongest * 0.6
    steps = [int(max(0.0, min(1.0, (each - low) / (high - low))) * 255) for each in range(256)]
    alpha = darkness.point(steps)
    alpha = ImageChops.darker(alpha, own)
    box = alpha.point(lambda value: 255 if value > 40 else 0).getbbox()
    if box is None or box[2] - box[0] < 8 or box[3] - box[1] < 4:
        raise _wrong("No signature can be seen in the picture. Use dark ink on light paper.")
    ink = Image.new("RGBA", picture.size, "#16224a")
    ink.putalpha(alpha)
    ink = ink.crop(box)
    ink.thumbnail((SIGNATURE_SIDE, SIGNATURE_SIDE))
    return _png(ink)


def open_picture(content: bytes, *, formats: tuple[str, ...]) -> Image.Image:
    """The picture, turned as its camera was held. Raises Invalid for another kind, damage or
    more pixels than a page can need."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(io.BytesIO(content), formats=formats)
            check_size(picture)
            turned = ImageOps.exif_transpose(picture)
            turned.load()
        except Invalid:
            raise
        except (
            UnidentifiedImageError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
            OSError,
            ValueError,
            SyntaxError,
        ):
            raise _wrong("The picture cannot be read. Save it as PNG or JPEG.") from None
    return turned


def check_size(picture: Image.Image) -> None:
    """Raises Invalid before the pixels of a picture are unpacked, where they are too many."""
    if picture.width * picture.height > MAX_PIXELS:
        raise _wrong("The picture has more than 50 million pixels. Make it smaller.")


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    Image.frombytes(picture.mode, picture.size, picture.tobytes()).save(out, "PNG", optimize=True)
    return out.getvalue()


def _limited(task: str, content: bytes) -> bytes:
    from dealwright.signing.sandbox import TookTooMuch, run_limited

    try:
        return run_limited(task, content, seconds=20).content
    except TookTooMuch:
        raise _wrong("The picture cannot be read. Use a smaller one.") from None


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, code="bad_picture", fields={"picture": [sentence]})
