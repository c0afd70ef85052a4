"""Importing into the CRM: in bulk in normal form, or row by row through services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from dealwright.base.access.visibility import visible_records
from dealwright.base.objects.fields import Field
from dealwright.base.records.models import ExternalId
from dealwright.base.transfer.models import ImportRow
from dealwright.base.transfer.writers import LogLine, Outcome, Prepared, Writer
from dealwright.crm.accounts.models import Account
from dealwright.crm.accounts.services import normal_account
from dealwright.crm.activities.models import Activity
from dealwright.crm.columns import keep_default_currency
from dealwright.crm.contacts.models import Contact
from dealwright.crm.contacts.services import normal_contact
from dealwright.crm.imports.names import FULL_NAME, split_name
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

    extra_fields = (FULL_NAME,)

    def prepare(self, rows: Sequence[Prepared]) -> None:
        for row in rows:
            _fill_name(row, "contact__first_name", "contact__last_name")

    def with_defaults(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"source": Lead.Source.IMPORT, **values}

    def _write(self, rows: Sequence[Prepared]) -> Sequence[Outcome]:
        self._since = timezone.now()
        return super()._write(rows)

    def log(self, outcomes: Sequence[Outcome]) -> Sequence[LogLine]:
        """Persons and companies that were made for the leads come first: undo goes backwards."""
        leads = [each.record for each in outcomes if each.action == ImportRow.CREATED]
        made: list[LogLine] = []
        for model, ids in (
            (Account, {lead.account_id for lead in leads}),
            (Contact, {lead.contact_id for lead in leads}),
        ):
            new = model.everything.filter(pk__in=ids - {None}, created_at__gte=self._since)
            made.extend(
                LogLine(
                    model=model._meta.label,
                    record_id=key,
                    action=ImportRow.CREATED,
                    version=version,
                )
                for key, version in new.order_by("pk").values_list("pk", "version")
            )
        return [*made, *super().log(outcomes)]

    def _one(self, row: Prepared, record: Any) -> Outcome:
        """A lead that was worked on here is not new again because a file still says so."""
        if record is not None and row.attributes.get("status") == Lead.Status.NEW:
            row.attributes.pop("status")
        return super()._one(row, record)

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

    extra_fields = (FULL_NAME,)

    def prepare(self, rows: Sequence[Prepared]) -> None:
        for row in rows:
            _fill_name(row, "first_name", "last_name")
            row.attributes = normal_contact(row.attributes)


class ActivityWriter(ServiceWriter):
    """Activities; without a kind they are tasks. Salesforce names in one column a person or a
    lead, in another a company, deal or case: their ids say which."""

    extra_fields = (
        Field(key="who", label="Person or lead, by id", aliases=["who id", "name id"]),
        Field(key="what", label="About, by id", aliases=["what id", "related to id"]),
    )

    def fields(self) -> Sequence[Field]:
        return [
            replace(each, required=False) if each.key == "kind" else each
            for each in super().fields()
        ]

    def prepare(self, rows: Sequence[Prepared]) -> None:
        for row in rows:
            row.attributes["kind"] = row.attributes.get("kind") or Activity.Kind.TASK
        self._link(rows, "who", ("contact", "lead"))
        self._link(rows, "what", ("account", "opportunity", "case"))

    def _link(self, rows: Sequence[Prepared], extra: str, objects: Sequence[str]) -> None:
        """Set the links that a column of ids gives, and tell of ids that nothing has."""
        wanted = {row.extras[extra] for row in rows if row.extras.get(extra)}
        if not wanted:
            return
        known: dict[str, tuple[str, Any]] = {}
        keys = ExternalId.objects.filter(
            object__in=objects, system=self.plan.system, key__in=wanted
        )
        found = list(keys.values_list("key", "object", "record_id"))
        for of in objects:
            ids = {record_id for _, name, record_id in found if name == of}
            seen = set(
                visible_records(self.actor, of).filter(pk__in=ids).values_list("pk", flat=True)
            )
            known |= {key: (of, each) for key, name, each in found if name == of and each in seen}
        for row in rows:
            text = row.extras.get(extra)
            if text in known:
                of, record_id = known[text]
                row.attributes[f"{of}_id"] = record_id
            elif text:
                self.report.odd(
                    self.plan.table,
                    "unmatched",
                    row.number,
                    f"“{text}” is the id of nothing that was imported; the rows stay without.",
                    value=str(text),
                )


def _fill_name(row: Prepared, first: str, last: str) -> None:
    """First and last name from the whole one, where the row gives neither."""
    name = row.extras.get("full_name")
    if name and not row.attributes.get(first) and not row.attributes.get(last):
        row.attributes[first], row.attributes[last] = split_name(str(name))
