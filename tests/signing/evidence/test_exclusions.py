"""Hints at documents that the law may want on paper."""

from __future__ import annotations

import pytest

from dealwright.signing.compliance.exclusions import exclusion_hints


@pytest.mark.parametrize(
    ("title", "text", "source"),
    [
        ("Last Will and Testament", "", "15 USC 7003(a)(1)"),
        ("Notice", "You must leave: eviction follows.", "15 USC 7003(b)(2)(B)"),
        ("Aufhebungsvertrag", "", "§ 623 BGB"),
        ("Agreement", "with a promissory note attached", "15 USC 7003(a)(3)"),
    ],
)
def test_the_words_point_to_the_law(title: str, text: str, source: str) -> None:
    (hint,) = exclusion_hints(title, [text])
    assert source in hint


@pytest.mark.parametrize(
    "text", ["The seller will deliver.", "Order form for 120 seats", "Willingness to testify", ""]
)
def test_plain_business_gets_no_hint(text: str) -> None:
    assert exclusion_hints("Order form", [text]) == []
