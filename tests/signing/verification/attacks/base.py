"""The files that are attacked, and how a changed one is written."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import cache

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
)

from signing.verification.outsider import (
    HAND_TEXT,
    by_hand,
    form,
    proof,
    sign,
    stream,
    text_page,
    trailer_of,
    update,
)

ATTACKS: dict[str, Callable[[], bytes]] = {}
EVIL = text_page("Price: 900 EUR")


def attack(make: Callable[[], bytes]) -> Callable[[], bytes]:
    ATTACKS[make.__name__] = make
    return make


@cache
def signed() -> bytes:
    return sign(by_hand())


@cache
def certified(level: MDPPerm = MDPPerm.NO_CHANGES) -> bytes:
    return sign(by_hand(), certify=True, docmdp_permissions=level)


@cache
def filed() -> bytes:
    """With proof of validity at its end: level B-LT."""
    return sign(
        by_hand(),
        stamped=True,
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=True,
        validation_context=proof(),
    )


@cache
def archived() -> bytes:
    return sign(
        by_hand(),
        stamped=True,
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=True,
        use_pades_lta=True,
        validation_context=proof(),
    )


@cache
def filled_form(**options: object) -> bytes:
    return sign(form(), **options)  # type: ignore[arg-type]


@cache
def locked_form() -> bytes:
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, ["amount"])
    return sign(form(), field=SigFieldSpec("First", field_mdp_spec=lock))


@cache
def two_copies() -> bytes:
    """The text stands in the file twice; the table names the honest copy."""
    return sign(by_hand(between=b"5 0 obj\n" + stream(EVIL) + b"\nendobj\n"))


def bases() -> dict[str, bytes]:
    """What the attacks start from; each must pass."""
    return {
        "signed": signed(),
        "certified": certified(),
        "certified for forms": certified(MDPPerm.FILL_FORMS),
        "certified for comments": certified(MDPPerm.ANNOTATE),
        "filed": filed(),
        "archived": archived(),
        "form": filled_form(),
        "locked": locked_form(),
        "two copies": two_copies(),
    }


def new_number(pdf: bytes) -> int:
    return int(trailer_of(pdf)["size"])


def rewritten(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """An incremental update as pyHanko writes it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_text(pdf: bytes) -> bytes:
    return update(pdf, {HAND_TEXT: stream(EVIL)})


def gap_of(pdf: bytes) -> tuple[int, int, int]:
    """Where the first signature's value begins, ends, and where the signed bytes end."""
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", pdf)
    assert found
    _, start, after, length = (int(each) for each in found.groups())
    return start, after, after + length


def with_range(pdf: bytes, given: bytes) -> bytes:
    """The signature's byte range written otherwise, in the same room."""
    found = re.search(rb"/ByteRange \[[^\]]*\] *", pdf)
    assert found
    changed = (b"/ByteRange " + given).ljust(len(found[0]))
    return pdf[: found.start()] + changed + pdf[found.end() :]


def with_contents(pdf: bytes, given: bytes) -> bytes:
    """The signature's value written otherwise, in the same room."""
    start, after, _ = gap_of(pdf)
    return pdf[:start] + given.ljust(after - start)[: after - start] + pdf[after:]
