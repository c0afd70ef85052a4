"""What the company decided about signing: numbers that codes may go to, Part 11, consent."""

from __future__ import annotations

import re

import phonenumbers
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.files.services import store_file
from dealwright.base.whole_numbers import whole_number
from dealwright.signing.documents.pictures import read_picture
from dealwright.signing.identity.models import SigningSettings

MOST_SMS_PER_DAY = 100_000
MOST_OF_STAMP = 5_000_000  # bytes


def signing_settings() -> SigningSettings:
    """The decisions; unsaved defaults before the first was made."""
    return SigningSettings.objects.first() or SigningSettings()


def save_signing_settings(
    actor: Actor,
    *,
    countries: str,
    sms_per_day: str,
    part11: bool,
    consent_code: bool,
    successor_codes: bool = False,
) -> SigningSettings:
    """Decide anew; for administrators. Raises Invalid that names each wrong place.

    ``countries`` are ISO 3166 codes with anything between them; none lets no SMS out.
    """
    actor.require_administrator()
    wrong: dict[str, list[str]] = {}
    codes = sorted(set(re.findall(r"[A-Za-z]+", countries.upper())))
    unknown = [each for each in codes if each not in phonenumbers.SUPPORTED_REGIONS]
    if unknown:
        wrong["countries"] = [f"These are no countries: {', '.join(unknown)[:80]}."]
    most = whole_number(sms_per_day, most=MOST_SMS_PER_DAY)
    if most is None:
        wrong["sms_per_day"] = [f"Give a number from 0 to {MOST_SMS_PER_DAY}."]
    if wrong:
        raise Invalid(" ".join(each for said in wrong.values() for each in said), fields=wrong)
    with change(actor):
        stored = SigningSettings.objects.select_for_update().first() or SigningSettings()
        stored.sms_countries, stored.sms_per_day = codes, most or 0
        stored.part11, stored.consent_code = part11, consent_code
        stored.successor_codes = successor_codes
        stored.updated_by = actor.user
        stored.save()
    return stored


def save_stamp(actor: Actor, *, name: str, content: bytes) -> SigningSettings:
    """Keep the company's stamp, drawn anew from the pixels of a PNG or JPEG; for administrators.
    Raises NotAllowed or Invalid naming "stamp"."""
    actor.require_administrator()
    if not content or len(content) > MOST_OF_STAMP:
        sentence = "Choose a picture of at most 5 MB."
        raise Invalid(sentence, fields={"stamp": [sentence]})
    try:
        picture = read_picture(content)
    except Invalid as error:
        raise Invalid(error.message, fields={"stamp": [error.message]}) from None
    with change(actor):
        stored = SigningSettings.objects.select_for_update().first() or SigningSettings()
        stored.stamp = store_file(
            actor,
            name=f"{name.rpartition('.')[0][:150] or 'Stamp'}.png",
            content=picture,
            object="signing_settings",
            purpose="stamp",
        )
        stored.updated_by = actor.user
        stored.save()
    return stored


def remove_stamp(actor: Actor) -> None:
    """Offer the company's stamp no longer; documents that carry it stay. For administrators."""
    actor.require_administrator()
    with change(actor):
        SigningSettings.objects.update(stamp=None, updated_by=actor.user)


def refused_country(phone: str, *, what: str = "SMS") -> str:
    """Why no code goes to a number (E.164), as a sentence; empty where one may. ``what`` would go.

    Numbers of some countries earn their holder money with every message (pumping fraud), so
    only countries of the list are served.
    """
    number = phonenumbers.parse(phone)
    region = phonenumbers.region_code_for_number(number)
    if region is None or not phonenumbers.is_valid_number(number):
        return _("%(phone)s is no number that can be reached.") % {"phone": phone}
    if region not in signing_settings().sms_countries:
        said = _(
            "No %(what)s is sent to %(region)s: an administrator can allow it in the settings."
        )
        return said % {"what": what, "region": region}
    return ""
