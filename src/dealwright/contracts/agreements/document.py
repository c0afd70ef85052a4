"""The contract as a PDF/A, typeset from its clause tree. Equal content gives equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import typst
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from dealwright.base.money import format_money, locale_of
from dealwright.base.people.organization import organization
from dealwright.contracts.agreements.models import Contract
from dealwright.contracts.library.clauses import (
    NumberedSection,
    Variable,
    languages_in,
    number_clauses,
    read_value,
    variables_of,
)
from dealwright.contracts.library.languages import yes_or_no

TEMPLATE = Path(__file__).parent / "templates" / "contract.typ"
STANDARD: Literal["a-2b"] = "a-2b"  # ISO 19005-2, level B


def typed_values(contract: Contract) -> dict[str, Any]:
    """The variables as the expression language takes them; what cannot be read is missing."""
    values = {}
    for variable in variables_of(contract.body):
        raw = contract.variables.get(variable.key, {}).get("value", "")
        try:
            value = read_value(variable, raw)
        except ValueError:
            value = None
        values[variable.key] = False if value is None and variable.kind == "bool" else value
    return values


def shown_values(contract: Contract, language: str) -> dict[str, str]:
    """The variables as the reader sees them."""
    values = typed_values(contract)
    return {
        variable.key: _shown(variable, values[variable.key], contract.currency, language)
        for variable in variables_of(contract.body)
    }


def sections_of(contract: Contract) -> Sequence[NumberedSection]:
    """The numbered text under the contract's present values."""
    return number_clauses(
        contract.body,
        typed_values(contract),
        shown_values(contract, language_of(contract)),
        {each: shown_values(contract, each) for each in languages_in(contract.body)},
    )


def language_of(contract: Contract) -> str:
    """What the document is written in: its own language, else the company's."""
    return str(contract.body.get("language") or organization().language)


def render_contract(contract: Contract, signers: Sequence[Mapping[str, str]] = ()) -> bytes:
    """The PDF, tagged and archivable.

    Args:
        signers: who will sign, in order, as ``{"party", "name"}``; each gets a block with
            anchors for signature, name and date. Without any there is a block per party.
    """
    company = organization()
    data = {
        "company": company.name,
        "language": contract.body.get("language") or "en",
        "title": contract.body.get("title") or contract.title,
        "number": contract.number,
        "hash": contract.content_hash[:16],
        "date": [contract.created_at.year, contract.created_at.month, contract.created_at.day],
        "sections": [
            {
                "number": section.number,
                "heading": section.heading,
                "clauses": [
                    {
                        "number": clause.number,
                        "heading": clause.heading,
                        "language": clause.language,
                        "paragraphs": list(clause.paragraphs),
                    }
                    for clause in section.clauses
                ],
            }
            for section in sections_of(contract)
        ],
        "signers": [
            {"party": each["party"], "name": each["name"], "place": str(place)}
            for place, each in enumerate(signers, 1)
        ],
        "parties": [company.name, contract.account.name if contract.account else ""],
    }
    pdf: bytes = typst.compile(
        TEMPLATE, sys_inputs={"data": json.dumps(data)}, pdf_standards=[STANDARD]
    )
    return pdf


def _shown(variable: Variable, value: Any, currency: str, language: str) -> str:
    if value is None or value == "":
        return ""
    locale = locale_of(language)
    match variable.kind:
        case "money":
            return format_money(value, currency, language)
        case "percent":
            return format_percent(value, format="#,##0.##%", locale=locale)
        case "integer":
            return format_decimal(Decimal(value), locale=locale)
        case "date":
            return format_date(value, "long", locale=locale)
        case "bool":
            return yes_or_no(value, language)
        case _:
            return str(value)
