"""Kinds of documents that the laws on electronic signatures leave out, hinted at by their words.

A hint, not advice: a word in a title or on the first page names no law that applies. What is left
out: 15 USC 7003 (ESIGN), UETA section 3(b), and for Germany sections 484, 623, 766, 780, 781 and
2247 BGB, which ask for writing by hand or exclude the electronic form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

LOOKED_AT = 4_000  # letters of a document


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Words that point to a kind of document, the kind, and where it is left out."""

    words: re.Pattern[str]
    kind: str
    source: str


def _of(words: str, kind: str, source: str) -> Exclusion:
    return Exclusion(re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), kind, source)


EXCLUSIONS = (
    _of(
        r"last will(?: and testament)?|codicil|testamentary trust|testament|letztwillige verfügung",
        gettext_noop("a will, a codicil or a testamentary trust"),
        "15 USC 7003(a)(1), UETA 3(b)(1), § 2247 BGB",
    ),
    _of(
        r"adoption agreement|divorce|decree of dissolution|custody agreement|ehescheidung",
        gettext_noop("adoption, divorce or another matter of family law"),
        "15 USC 7003(a)(2)",
    ),
    _of(
        r"court order|subpoena|summons|notice of hearing|gerichtsbeschluss",
        gettext_noop("an order or notice of a court"),
        "15 USC 7003(b)(1)",
    ),
    _of(
        r"eviction|foreclosure|repossession|notice to (?:quit|vacate)|right to cure",
        gettext_noop("default, foreclosure, eviction or the right to cure of a home"),
        "15 USC 7003(b)(2)(B)",
    ),
    _of(
        r"(?:termination|cancellation|disconnection) of utility service|shut-?off notice",
        gettext_noop("the end of water, heat or power"),
        "15 USC 7003(b)(2)(A)",
    ),
    _of(
        r"(?:cancellation|termination) of (?:health|life) insurance",
        gettext_noop("the end of health or life insurance"),
        "15 USC 7003(b)(2)(C)",
    ),
    _of(
        r"product recall|recall notice|rückruf",
        gettext_noop("the recall of a product that endangers health or safety"),
        "15 USC 7003(b)(2)(D)",
    ),
    _of(
        r"hazardous materials?|dangerous goods|gefahrgut",
        gettext_noop("papers that go with dangerous goods"),
        "15 USC 7003(b)(3)",
    ),
    _of(
        r"promissory note|bill of exchange|wechsel|schuldanerkenntnis",
        gettext_noop("a negotiable instrument, or a promise or acknowledgement of debt"),
        "15 USC 7003(a)(3), UETA 3(b)(2), §§ 780, 781 BGB",
    ),
    _of(
        r"kündigung des arbeits\w+|aufhebungsvertrag|termination of employment",
        gettext_noop("the end of employment, which German law wants on paper"),
        "§ 623 BGB",
    ),
    _of(
        r"bürgschaft\w*",
        gettext_noop("a surety by someone who is no merchant"),
        "§ 766 BGB",
    ),
)


def exclusion_hints(title: str, texts: Iterable[str]) -> list[str]:
    """What the words of a title and of documents point to that may not be signed electronically,
    as sentences for the sender."""
    looked_at = [title, *(text[:LOOKED_AT] for text in texts)]
    return [
        _("This may be %(kind)s. The law may ask for paper (%(source)s); ask a lawyer.")
        % {"kind": _(each.kind), "source": each.source}
        for each in EXCLUSIONS
        if any(each.words.search(text) for text in looked_at)
    ]
