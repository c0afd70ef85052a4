"""Numbers as people type them: the twin of ``plainNumber`` in the page's script."""

from __future__ import annotations

import re

from django.utils import translation


def plain_number(typed: str) -> str:
    """ "1.234,5" and "1,234.5" as "1234.5"; what is no number is left for the service to refuse."""
    text = re.sub(r"[\s\u00a0\u202f']", "", typed)
    bare = re.sub(r"[^\d.,+\-eE]", "", text)
    if not any(letter.isdigit() for letter in bare) or re.search(r"[^\d.,+\-eE€$£¥%]", text):
        return typed
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:
        if comma > point:
            return bare.replace(".", "").replace(",", ".")
        return bare.replace(",", "")
    if comma >= 0:
        groups = bare.split(",")
        english = (translation.get_language() or "en").startswith("en")
        if english and len(groups) > 1 and all(len(group) == 3 for group in groups[1:]):
            return "".join(groups)
        return bare.replace(",", ".") if len(groups) == 2 else "".join(groups)
    if point >= 0 and bare.count(".") > 1:
        return bare.replace(".", "")
    return bare


def percent_to_fraction(percent: str) -> str:
    """ "12.5" as "0.125", by moving the point; what is no number is left as it is."""
    match = re.fullmatch(r"([+-]?)(\d*)\.?(\d*)", percent)
    if match is None or not (match[2] or match[3]):
        return percent
    digits = match[2].rjust(3, "0")
    sign = "-" if match[1] == "-" else ""
    return f"{sign}{digits[:-2]}.{digits[-2:]}{match[3]}"
