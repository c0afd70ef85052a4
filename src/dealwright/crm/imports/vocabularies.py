"""Usual values of free text fields, against which an import checks the spelling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from babel import Locale

_OTHER_NAMES = ("USA", "UK", "Korea", "Czech Republic", "Ivory Coast", "Holland", "Russia", "Macau")

# Common industry names of CRM exports, beside the sector titles of NAICS 2022.
INDUSTRIES = (
    "Accounting", "Agriculture", "Apparel", "Automotive", "Banking", "Biotechnology", "Chemicals",
    "Communications", "Construction", "Consulting", "Education", "Electronics", "Employment",
    "Energy", "Engineering", "Entertainment", "Environmental", "Finance", "Financial services",
    "Food & beverage", "Government", "Healthcare", "Hospitality", "Insurance", "Legal",
    "Logistics", "Machinery", "Manufacturing", "Marketing", "Media", "Medical", "Mining",
    "Not for profit", "Pharmaceuticals", "Real estate", "Recreation", "Retail", "Services",
    "Shipping", "Software", "Technology", "Telecommunications", "Transportation", "Travel",
    "Utilities", "Wholesale",
)  # fmt: skip


@cache
def countries() -> Sequence[str]:
    """The names of countries in English (Unicode CLDR, through Babel) and common short forms."""
    territories = Locale("en").territories
    return (
        *(name for code, name in territories.items() if len(code) == 2 and code.isalpha()),
        *_OTHER_NAMES,
    )


def industries() -> Sequence[str]:
    """Usual names of industries."""
    return INDUSTRIES
