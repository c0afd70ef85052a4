"""Importing into the CRM: in bulk in normal form, or row by row through services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from dealwright.base.transfer.writers import Outcome, Prepared, Writer
from dealwright.crm.accounts.services import normal_account
from dealwright.crm.columns import keep_default_currency
from dealwright.crm.contacts.services import normal_contact
from dealwright.crm.leads.models import Lead


class BulkWriter(Writer):
    """Writes in bulk and asks for the company's currency once a batch, not once a record."""

    def write(self, rows: Sequence[Prepared]) -> Sequence[Outcome]:
        with keep_default_currency():
            return super().write(rows)


class ServiceWriter(Writer):
    """Writes through the object's ``create`` and ``update``, so that a case has its number and
    a lead its person. Slower than in bulk, and as right as by hand."""

    def _write(self, rows: Sequence[Prepared]) -> Sequence[Outcome]:
        existing = self.match(rows)
        return [self._one(row, existing.get(row.number)) for row in rows]

    def _one(self, row: Prepared, record: Any) -> Outcome:
        of = self.object_type
        assert of.create is not None and of.update is not None
        values = self.importable(row.attributes)
        with transaction.atomic():
            if record is None:
                made = of.create(self.actor, self.with_defaults(values))
                outcome = Outcome(row, "created", made)
                self._remember_keys([outcome])
                return outcome
            version = record.version
            before = {key: getattr(record, key) for key in values if "__" not in key}
            changed = of.update(self.actor, record, values)
        if changed.version == version:
            return Outcome(row, "unchanged", changed)
        was = {key: value for key, value in before.items() if getattr(changed, key) != value}
        return Outcome(row, "updated", changed, was or None)

    def importable(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that go to the service; empty cells change nothing."""
        return {key: value for key, value in values.items() if value is not None}

    def with_defaults(self, values: dict[str, Any]) -> dict[str, Any]:
        return values


class LeadWriter(ServiceWriter):
    """Leads of other products are persons and inquiries in one row. A lead that was converted
    or disqualified there comes in as qualified: its deal or reason is not in the file."""

    def importable(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found = super().importable(values)
        if found.get("status") in (Lead.Status.CONVERTED, Lead.Status.DISQUALIFIED):
            found["status"] = Lead.Status.QUALIFIED
        return found

    def with_defaults(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"source": Lead.Source.IMPORT, **values}

    def match(self, rows: Sequence[Prepared]) -> Mapping[int, Any]:
        """By e-mail: the person's newest lead."""
        if self.plan.match_by != "email":
            return super().match(rows)
        wanted = {str(row.match_value).lower() for row in rows if row.match_value}
        leads = self._locked(contact__email__in=wanted).values_list("contact__email", "pk")
        newest: dict[str, Any] = dict(leads)  # in the order of making: the last one stays
        records = {lead.pk: lead for lead in self._locked(pk__in=newest.values())}
        return {
            row.number: records[newest[str(row.match_value).lower()]]
            for row in rows
            if str(row.match_value or "").lower() in newest
        }


class AccountWriter(BulkWriter):
    """Accounts in bulk, with domains and phone numbers in their normal form."""

    def prepare(self, rows: Sequence[Prepared]) -> None:
        for row in rows:
            row.attributes = normal_account(row.attributes)


class ContactWriter(BulkWriter):
    """Contacts in bulk, with addresses and phone numbers in their normal form."""

    def prepare(self, rows: Sequence[Prepared]) -> None:
        for row in rows:
            row.attributes = normal_contact(row.attributes)
