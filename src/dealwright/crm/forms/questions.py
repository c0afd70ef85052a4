"""What a web form can ask, and how its list of questions is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dealwright.base.errors import Invalid

LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True)
class Question:
    """One thing a form can ask for. ``kind`` is the input's HTML type or ``textarea``;
    ``autocomplete`` is the token of the HTML standard."""

    key: str
    label: str
    kind: str = "text"
    autocomplete: str = ""
    limit: int = 200


QUESTIONS = {
    each.key: each
    for each in (
        Question("first_name", "First name", autocomplete="given-name", limit=100),
        Question("last_name", "Last name", autocomplete="family-name", limit=100),
        Question("email", "E-mail", "email", "email", 254),
        Question("phone", "Phone", "tel", "tel", 60),
        Question("company", "Company", autocomplete="organization"),
        Question("job_title", "Job title", autocomplete="organization-title", limit=160),
        Question("message", "Message", "textarea", limit=5000),
    )
}
_IDENTIFYING = {"email", "phone", "last_name"}


def checked_questions(given: Any) -> list[dict[str, Any]]:
    """The list as it is stored: ``[{"key", "label", "required"}]``.

    Raises Invalid under ``fields`` for what is no such list, asks for a thing twice, or
    could not tell one person from another.
    """
    problem = ""
    questions: list[dict[str, Any]] = []
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        problem = "Questions: choose at least one."
    else:
        for row in given:
            key = row.get("key") if isinstance(row, dict) else None
            if key not in QUESTIONS:
                problem = f"Questions: “{str(key)[:40]}” is none of {', '.join(QUESTIONS)}."
                break
            if any(each["key"] == key for each in questions):
                problem = f"Questions: {QUESTIONS[key].label} stands twice."
                break
            label = str(row.get("label") or QUESTIONS[key].label).strip()
            if len(label) > LONGEST_LABEL:
                problem = f"Questions: a label may have at most {LONGEST_LABEL} characters."
                break
            questions.append({"key": key, "label": label, "required": bool(row.get("required"))})
    if not problem and not _IDENTIFYING & {each["key"] for each in questions}:
        problem = "Questions: ask for an e-mail address, a phone number or a name."
    if problem:
        raise Invalid(problem, fields={"fields": [problem]})
    return questions
