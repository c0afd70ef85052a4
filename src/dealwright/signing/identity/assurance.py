"""What an identity provider has checked of a person: OpenID Connect for Identity Assurance 1.0,
with the claims of OpenID Identity Assurance Schema Definition 1.0.

Asked by the ``claims`` parameter, answered as ``verified_claims``: by which rules
(``trust_framework``), when, and by what evidence (``document``, ``electronic_record``) whose
``check_details`` say how it was checked. Kept is what a reader of the evidence needs; numbers,
copies and birthdays are neither asked for nor kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.signing.identity.models import Assurance, OtherName, ProviderChecks
from dealwright.signing.identity.person_names import is_same_person

# Identifiers of the specification's list of check methods.
GENUINE = ("vpip", "vpiruv", "vri", "vdig", "vcrypt")  # the document was found to be real
SAME_FACE = ("pvp", "pvr", "bvp", "bvr")  # a person or a machine compared the face with it
ANSWERED = ("kbv",)  # questions that only the person knows the answers to
LOOKED_UP = ("data",)  # a record was found that fits
_EVIDENCE = {
    Assurance.DOCUMENT: ("document", (GENUINE,)),
    Assurance.DOCUMENT_FACE: ("document", (GENUINE, SAME_FACE)),
    Assurance.QUESTIONS: ("electronic_record", (ANSWERED,)),
}
AHEAD = timedelta(minutes=5)  # that the provider's clock may be before ours
LONGEST = 200
_PURPOSE = "To confirm who signs the documents you were sent"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked: ``facts`` name nobody, ``details`` do. ``same_name`` is whether the
    recipient's name is the verified one."""

    facts: Mapping[str, Any]
    details: Mapping[str, Any]
    same_name: bool


@dataclass(frozen=True, slots=True)
class Unverified:
    """Why an answer does not do, as a sentence for the recipient."""

    sentence: str


def claims_request(assurance: str, checks: ProviderChecks) -> dict[str, Any]:
    """The ``claims`` parameter (OpenID Connect Core 1.0, 5.5) that asks for a check."""
    kind, methods = _EVIDENCE[Assurance(assurance)]
    framework: dict[str, Any] = {"essential": True}
    if checks.trust_framework:
        framework["value"] = checks.trust_framework
    needed = {"essential": True, "purpose": _PURPOSE}
    verified = {
        "verification": {
            "trust_framework": framework,
            "time": {"essential": True, "max_age": checks.most_days * 86_400},
            "verification_process": None,
            "evidence": [
                {
                    "type": {"value": kind},
                    "time": None,
                    "check_details": [
                        {
                            "check_method": {"values": list(each), "essential": True},
                            "organization": None,
                            "check_id": None,
                            "time": None,
                        }
                        for each in methods
                    ],
                }
            ],
        },
        "claims": {"given_name": needed, "family_name": needed},
    }
    return {"id_token": {"verified_claims": verified}, "userinfo": {"verified_claims": verified}}


def check_verified(
    answers: Iterable[Any], assurance: str, checks: ProviderChecks, *, name: str
) -> Verified | Unverified:
    """Look for a check that is what was asked, in ``verified_claims`` as the provider gave them.

    ``name`` is the recipient's. Of several that do not do, the reason of the last is told.
    """
    found: Verified | Unverified = Unverified(
        _("The provider has not told us that it checked who you are.")
    )
    for answer in _each(answers):
        found = _check(answer, Assurance(assurance), checks, name=name)
        if isinstance(found, Verified):
            break
    return found


def refuses_other_name(other_name: str) -> bool:
    """Whether the sender wants another name refused; that is so unless they said otherwise."""
    return other_name != OtherName.SHOW


def _each(answers: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    """Each set of verified claims; one answer may be one set or a list of them."""
    for answer in answers:
        for each in answer if isinstance(answer, list) else [answer]:
            if isinstance(each, Mapping):
                yield each


def _check(
    given: Mapping[str, Any], assurance: Assurance, checks: ProviderChecks, *, name: str
) -> Verified | Unverified:
    verification, claims = _object(given.get("verification")), _object(given.get("claims"))
    framework = _text(verification.get("trust_framework"))
    if not framework or (checks.trust_framework and framework != checks.trust_framework):
        return Unverified(_("The provider checked you by other rules than were asked for."))
    kind, methods = _EVIDENCE[assurance]
    rows = [each for each in _objects(verification.get("evidence")) if each.get("type") == kind]
    if not rows:
        return Unverified(
            _("The provider has not made the check that was asked: %(check)s.")
            % {"check": _(assurance.label)}
        )
    evidence = next((each for each in rows if _has_all(each, methods)), None)
    if evidence is None:
        return Unverified(
            _("The provider checked you in another way than was asked: %(check)s.")
            % {"check": _(assurance.label)}
        )
    at = _moment(verification.get("time")) or _moment(evidence.get("time"))
    now = timezone.now()
    if at is None or at > now + AHEAD:
        return Unverified(_("The provider has not told us when it checked who you are."))
    if at < now - timedelta(days=checks.most_days):
        return Unverified(
            _("The provider checked who you are too long ago. Have it check you anew there.")
        )
    given_name, family_name = _text(claims.get("given_name")), _text(claims.get("family_name"))
    if not given_name and not family_name:
        return Unverified(_("The provider has not told us the name that it checked."))
    same = is_same_person(name, given=given_name, family=family_name)
    details = _objects(evidence.get("check_details"))
    used = sorted({method for each in details if (method := _method(each)) in _known(methods)})
    organization = _first(details, "organization") or _text(
        _object(evidence.get("verifier")).get("organization")
    )
    transaction = (
        _first(details, "check_id")
        or _text(_object(evidence.get("verifier")).get("txn"))
        or _text(verification.get("verification_process"))
    )
    facts = {
        "assurance": assurance.value,
        "trust_framework": framework,
        "evidence": kind,
        "check_methods": used,
        "checked_at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "same_name": same,
        **({"organization": organization} if organization else {}),
    }
    if level := _text(verification.get("assurance_level")):
        facts["assurance_level"] = level
    about = {"verified_name": " ".join(each for each in (given_name, family_name) if each)}
    if transaction:
        about["check_id"] = transaction
    return Verified(facts, about, same)


def _has_all(evidence: Mapping[str, Any], methods: Iterable[Iterable[str]]) -> bool:
    """Whether a piece of evidence was checked in at least one way of each kind."""
    used = {_method(each) for each in _objects(evidence.get("check_details"))}
    return all(used & set(each) for each in methods)


def _known(methods: Iterable[Iterable[str]]) -> set[str]:
    return {*(each for some in methods for each in some), *LOOKED_UP}


def _method(detail: Mapping[str, Any]) -> str:
    return _text(detail.get("check_method"))


def _first(rows: Iterable[Mapping[str, Any]], key: str) -> str:
    return next((text for each in rows if (text := _text(each.get(key)))), "")


def _moment(value: Any) -> datetime | None:
    """A time with its zone (RFC 3339; seconds may be missing, as in the specification)."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _text(value: Any) -> str:
    """A text of one line, not too long; anything else is none."""
    if not isinstance(value, str):
        return ""
    return " ".join(value.replace("\x00", "").split())[:LONGEST]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    rows = value if isinstance(value, list) else []
    return [each for each in rows if isinstance(each, Mapping)]
