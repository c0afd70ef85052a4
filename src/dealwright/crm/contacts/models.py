"""People: the one record of each human, whatever leads and deals come and go."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Concat, Trim

from dealwright.base.identifiers import uuid7
from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.accounts.models import Lifecycle
from dealwright.crm.columns import LIVING, search_index

FAMILY_NAME_FIRST = ("hu", "ja", "ko", "vi", "zh")


class Contact(Record):
    """A person.

    ``email``, ``phone`` and ``mobile`` are the preferred ones of the person's contact
    points; a database trigger keeps a ContactPoint for each, and an AccountContact for
    ``account``, whoever writes. ``name`` is how the person is called: family name first in
    languages that do so, the e-mail address where no name is known.
    """

    class Seniority(models.TextChoices):
        EXECUTIVE = "executive", "Executive"
        VICE_PRESIDENT = "vice_president", "Vice president"
        DIRECTOR = "director", "Director"
        MANAGER = "manager", "Manager"
        STAFF = "staff", "Staff"

    salutation = models.CharField(max_length=20, blank=True)
    first_name = models.CharField(max_length=100, blank=True)
    middle_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    suffix = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    mobile = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=12, blank=True)
    name = models.GeneratedField(
        expression=models.Case(
            models.When(first_name="", last_name="", then=models.F("email")),
            models.When(
                language__in=FAMILY_NAME_FIRST,
                then=Trim(Concat("last_name", models.Value(" "), "first_name")),
            ),
            default=Trim(Concat("first_name", models.Value(" "), "last_name")),
        ),
        output_field=models.CharField(max_length=254),
        db_persist=True,
    )
    account = models.ForeignKey(
        "crm.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="contacts"
    )
    job_title = models.CharField(max_length=160, blank=True)
    department = models.CharField(max_length=120, blank=True)
    seniority = models.CharField(max_length=16, choices=Seniority, blank=True)
    reports_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="direct_reports"
    )
    birthdate = models.DateField(null=True, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    linkedin = models.CharField(max_length=500, blank=True)
    street = models.CharField(max_length=250, blank=True)
    city = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=80, blank=True)
    do_not_call = models.BooleanField(default=False)
    do_not_email = models.BooleanField(default=False)
    lifecycle_stage = models.CharField(max_length=12, choices=Lifecycle, default=Lifecycle.LEAD)
    is_identified = models.BooleanField(default=True)
    source = models.CharField(max_length=60, blank=True)
    description = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("contact"),
            search_index("name", table="contact"),
            models.Index(fields=["name", "id"], name="contact_by_name", condition=LIVING),
            models.Index(
                fields=["account", "-created_at"], name="contact_account", condition=LIVING
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["email"], condition=LIVING & ~models.Q(email=""), name="contact_email_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(reports_to=models.F("id")), name="contact_not_own_manager"
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)


class ContactPoint(models.Model):
    """One way to reach a person. E-mail addresses are in lower case, phone numbers in E.164
    where they could be read."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"
        MOBILE = "mobile", "Mobile"
        SOCIAL = "social", "Social"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=6, choices=Kind)
    value = models.CharField(max_length=254)
    label = models.CharField(max_length=40, blank=True)
    is_primary = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    opted_out_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contact", "kind", "value"], name="contact_point_value_once"
            ),
            models.UniqueConstraint(
                fields=["contact", "kind"],
                condition=models.Q(is_primary=True),
                name="contact_point_one_primary",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["value"], name="contact_point_value")]

    def __str__(self) -> str:
        return self.value
