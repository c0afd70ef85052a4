"""The template that every installation begins with, in our own words; no legal advice."""

from __future__ import annotations

from typing import Any

STARTER: dict[str, Any] = {
    "title": "Order form with service terms",
    "variables": [
        {"key": "customer_name", "label": "Customer", "source": "account.legal_name_or_name"},
        {"key": "customer_address", "label": "Customer's address", "source": "account.address",
         "required": False},
        {"key": "supplier_name", "label": "Supplier", "source": "organization.name"},
        {"key": "services", "label": "Services", "kind": "long_text", "source": "quote.services"},
        {"key": "amount", "label": "Fee for the term", "kind": "money", "source": "quote.total"},
        {"key": "effective_on", "label": "Start", "kind": "date", "source": "today"},
        {"key": "term_months", "label": "Term in months", "kind": "integer",
         "source": "opportunity.contract_term_months", "default": "12"},
        {"key": "renews", "label": "Renews by itself", "kind": "bool", "default": "yes",
         "required": False},
        {"key": "notice_days", "label": "Notice before the end, in days", "kind": "integer",
         "default": "60"},
        {"key": "payment_days", "label": "Payment within days", "kind": "integer",
         "default": "30"},
        {"key": "governing_law", "label": "Governing law", "default": "the supplier's country"},
    ],
    "sections": [
        {
            "uid": "order",
            "heading": "The order",
            "clauses": [
                {"uid": "parties", "heading": "Parties",
                 "text": "This agreement is between [[supplier_name]] (the supplier) and "
                         "[[customer_name]] (the customer), [[customer_address]]."},
                {"uid": "services", "heading": "Services",
                 "text": "The supplier provides the following to the customer:\n\n[[services]]"},
                {"uid": "fee", "heading": "Fee",
                 "text": "The fee for the term is [[amount]], plus taxes where they apply. The "
                         "customer pays each invoice within [[payment_days]] days of its date."},
            ],
        },
        {
            "uid": "term",
            "heading": "Term and end",
            "clauses": [
                {"uid": "duration", "heading": "Term",
                 "text": "The agreement starts on [[effective_on]] and runs for [[term_months]] "
                         "months."},
                {"uid": "renewal", "heading": "Renewal", "condition": "renews",
                 "text": "It then renews for twelve months at a time, unless one party tells the "
                         "other in writing, at least [[notice_days]] days before the end, that it "
                         "does not want to go on."},
                {"uid": "no_renewal", "heading": "No renewal", "condition": "not renews",
                 "text": "It ends on that day without notice. Going on needs a new agreement."},
                {"uid": "long_term", "heading": "Review", "condition": "term_months > 24",
                 "text": "The parties meet once a year to see whether the services still fit what "
                         "the customer needs."},
                {"uid": "cause", "heading": "End for cause",
                 "text": "Each party may end the agreement in writing if the other breaks a "
                         "material duty and does not mend it within thirty days of being told."},
                {"uid": "refund", "heading": "Effect of an early end",
                 "text": "If the agreement ends early under clause [[#cause]] for a reason on the "
                         "supplier's side, the supplier pays back the fee for the time not used."},
            ],
        },
        {
            "uid": "duties",
            "heading": "Duties",
            "clauses": [
                {"uid": "confidence", "heading": "Confidentiality", "locked": True,
                 "text": "Each party keeps what it learns of the other in confidence, uses it for "
                         "this agreement only, and goes on doing so for three years after its "
                         "end."},
                {"uid": "data", "heading": "Personal data", "locked": True,
                 "text": "The supplier handles personal data only as the customer instructs and "
                         "protects them as the law at the customer's seat demands."},
                {"uid": "liability", "heading": "Liability", "locked": True,
                 "text": "Apart from intent, gross negligence and harm to persons, each party's "
                         "liability is limited to the fee of the twelve months before the event."},
            ],
        },
        {
            "uid": "general",
            "heading": "General",
            "clauses": [
                {"uid": "law", "heading": "Law",
                 "text": "The law of [[governing_law]] applies."},
                {"uid": "whole", "heading": "Whole agreement",
                 "text": "This document is the whole agreement. Changes need the signature of both "
                         "parties; electronic signatures are enough."},
            ],
        },
    ],
    "obligations": [
        {"kind": "pay", "party": "them", "action": "Pay the first invoice",
         "anchor": "effective_on", "offset_days": 30, "amount": "amount"},
    ],
}  # fmt: skip
