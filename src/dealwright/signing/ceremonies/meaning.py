"""What a signature means: the sentence that is agreed to, and under 21 CFR 11.50 the reason."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from dealwright.base.errors import Invalid
from dealwright.signing.envelopes.models import Recipient, Role

LONGEST = 120
# The kinds of meaning that 21 CFR 11.50(a)(3) names, in a signer's words.
MEANINGS = {
    "authorship": gettext_noop("I am the author of this document"),
    "review": gettext_noop("I have reviewed this document"),
    "approval": gettext_noop("I approve this document"),
    "responsibility": gettext_noop("I am responsible for this document"),
    "other": gettext_noop("Another meaning, in my words"),
}


def meaning_of(choice: str, text: str) -> str:
    """The meaning as it stands in the stamp and the record; empty where none was chosen.

    Raises Invalid where it is none of the list, or in own words that cannot be kept.
    """
    if not choice:
        return ""
    if choice != "other":
        if choice not in MEANINGS:
            raise _invalid("meaning", "Choose what your signature means.")
        return MEANINGS[choice]
    words = " ".join(text.split())
    if not words or len(words) > LONGEST or "\x00" in words:
        raise _invalid("meaning_text", f"Say it in at most {LONGEST} characters.")
    return words


def check_meaning(meaning: str, *, part11: bool) -> str:
    """The meaning to keep; raises Invalid where Part 11 wants one and there is none."""
    if part11 and not meaning:
        raise _invalid("meaning", "Choose what your signature means.")
    return meaning


def intent_sentence(recipient: Recipient) -> str:
    """What the button means, in the words that stand above it."""
    match recipient.role:
        case Role.APPROVER:
            return "I have read the documents and approve them."
        case Role.VIEWER:
            return "I confirm that I have received and read the documents."
        case Role.EDITOR:
            return "I have prepared the documents for the others."
        case Role.WITNESS:
            seen = recipient.witness_of
            whom = seen.label.lower() if seen is not None else "the signer"
            return f"I was present and saw {whom} sign these documents. I sign as the witness."
        case _:
            return "I have read the documents and sign them with the signature shown here."


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
