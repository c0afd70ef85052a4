"""What a clause is about, told from its heading; a person may always choose another topic."""

from __future__ import annotations

from dealwright.contracts.clauses.models import ClauseTopic

# Beginnings of words. Of several that stand in a heading the first of this list counts.
_WORDS = {
    "liab": ClauseTopic.LIABILITY,
    "indemn": ClauseTopic.LIABILITY,
    "confiden": ClauseTopic.CONFIDENTIALITY,
    "secrecy": ClauseTopic.CONFIDENTIALITY,
    "data": ClauseTopic.DATA,
    "privacy": ClauseTopic.DATA,
    "warrant": ClauseTopic.WARRANTY,
    "intellectual": ClauseTopic.PROPERTY,
    "licen": ClauseTopic.PROPERTY,
    "terminat": ClauseTopic.TERMINATION,
    "fee": ClauseTopic.FEES,
    "pay": ClauseTopic.FEES,
    "pric": ClauseTopic.FEES,
    "term": ClauseTopic.TERM,
    "renew": ClauseTopic.TERM,
    "duration": ClauseTopic.TERM,
    "end": ClauseTopic.TERMINATION,
    "part": ClauseTopic.PARTIES,
    "service": ClauseTopic.SCOPE,
    "scope": ClauseTopic.SCOPE,
    "law": ClauseTopic.LAW,
    "dispute": ClauseTopic.LAW,
    "jurisdiction": ClauseTopic.LAW,
}


def topic_of(heading: str, section: str = "") -> str:
    """The topic that the clause's heading names, else that of its section, else general."""
    for text in (heading, section):
        words = text.casefold().replace("-", " ").split()
        for start, topic in _WORDS.items():
            if any(word.startswith(start) for word in words):
                return topic
    return ClauseTopic.GENERAL
