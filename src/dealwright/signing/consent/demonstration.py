"""Showing that one can open what is sent: a number to be read from a test document.

15 USC 7001(c)(1)(C)(ii) wants a consent given in a way that reasonably demonstrates access to
the form that is used. The test page is a PDF, as the documents are, and shown by the same viewer.
"""

from __future__ import annotations

from functools import lru_cache

import typst
from django.utils.crypto import constant_time_compare, salted_hmac

from dealwright.base.errors import Invalid
from dealwright.signing.envelopes.models import Recipient

DIGITS = 4


def demonstration_code(recipient: Recipient, session_key: str) -> str:
    """The number of this recipient in this browser."""
    text = f"{recipient.pk}:{session_key}"
    made = salted_hmac("dealwright.signing.demonstration", text, algorithm="sha256").digest()
    return f"{int.from_bytes(made[:8]) % 10**DIGITS:0{DIGITS}d}"


def check_demonstration(recipient: Recipient, session_key: str, typed: str) -> None:
    """Raises Invalid where the number of the test document was not read."""
    digits = "".join(each for each in typed if each.isdigit())
    if not constant_time_compare(digits, demonstration_code(recipient, session_key)):
        sentence = "This is not the number in the test document. Open it and read it again."
        raise Invalid(sentence, code="demonstration", fields={"demonstration": [sentence]})


@lru_cache(maxsize=64)
def test_document(code: str, heading: str, sentence: str) -> bytes:
    """A PDF of one page with the number as text, which a screen reader reads, too."""
    source = (
        "#set page(width: 148mm, height: 105mm, margin: 15mm)\n"
        "#set text(size: 14pt)\n"
        "#let given = sys.inputs\n"
        "= #given.heading\n#v(6mm)\n#given.sentence\n#v(6mm)\n"
        '#text(size: 36pt, weight: "bold", given.code)\n'
    )
    return bytes(
        typst.compile(
            source.encode(),
            format="pdf",
            sys_inputs={"code": code, "heading": heading, "sentence": sentence},
        )
    )
