"""A large company as lines for COPY: the same for the same scale.

Who owns what, when deals were made and how activities gather on few accounts is spread as in a
real company; texts are made of a few hundred words.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from bench.house import words

SEED = 20_270_101
DAYS = 1_095
TODAY = date(2026, 11, 1)
START = datetime(2023, 11, 2, tzinfo=UTC)
SPAN_MS = DAYS * 86_400_000
FIRST_MS = int(START.timestamp() * 1_000)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a deal takes over from its stage."""

    id: UUID
    pipeline: UUID
    category: str
    probability: str
    forecast: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many records there are."""

    accounts: int
    contacts: int
    opportunities: int
    activities: int

    @classmethod
    def of(cls, scale: float) -> Sizes:
        def at(full: int) -> int:
            return max(20, int(full * scale))

        return cls(at(100_000), at(300_000), at(500_000), at(3_000_000))


COLUMNS = {
    "crm_account": "id owner_id access_keys created_at updated_at name domain website kind "
    "lifecycle_stage industry employees annual_revenue currency phone billing_city billing_country",
    "crm_contact": "id owner_id access_keys created_at updated_at first_name last_name email phone "
    "account_id job_title seniority city country",
    "crm_opportunity": "id owner_id access_keys created_at updated_at name account_id contact_id "
    "pipeline_id stage_id status stage_entered_at amount currency probability forecast_category "
    "kind engaged_on close_date closed_at next_step lead_source lost_reason",
    "crm_activity": "id owner_id access_keys created_at updated_at kind subject status direction "
    "outcome due_at happened_at completed_at duration_seconds account_id contact_id opportunity_id",
}


class Company:
    """Makes the lines, table by table in the order of ``COLUMNS``.

    ``owners`` are the users who sell, ``teams`` those with whom some records are shared.
    """

    def __init__(
        self,
        sizes: Sizes,
        owners: Sequence[UUID],
        teams: Sequence[UUID],
        stages: Sequence[Stage],
        currency: str,
    ) -> None:
        self.sizes = sizes
        self.owners = [str(each) for each in owners]
        self.teams = [str(each) for each in teams]
        self.open = [stage for stage in stages if stage.category == "open"]
        self.won = next(stage for stage in stages if stage.category == "won")
        self.lost = next(stage for stage in stages if stage.category == "lost")
        self.currency = currency
        self.dice = random.Random(SEED)
        self.accounts: list[tuple[str, str]] = []  # id, owner
        self.contacts: list[tuple[str, int]] = []  # id, place of its account
        self.contacts_of: list[list[int]] = []
        self.deals: list[tuple[str, str, int, str]] = []  # id, owner, place of account, contact

    def lines(self, table: str) -> Iterator[str]:
        """The table's lines, in the order in which they were made."""
        makers = {
            "crm_account": self._accounts,
            "crm_contact": self._contacts,
            "crm_opportunity": self._opportunities,
            "crm_activity": self._activities,
        }
        return makers[table]()

    def _id(self, at: int, of: int, kind: int) -> tuple[str, datetime]:
        """An id of version 7 and the moment in it; ``at`` of ``of`` in time."""
        ms = FIRST_MS + SPAN_MS * at // of
        noise = self.dice.getrandbits(44)
        tail = 1 << 63 | kind << 60 | (at & 0xFFFF) << 44 | noise
        return f"{ms:012x}7{at & 0xFFF:03x}{tail:016x}", START + timedelta(
            milliseconds=ms - FIRST_MS
        )

    def _shared(self) -> str:
        """Now and then a record is shared with a team by hand."""
        if self.dice.random() < 0.03:
            return "{" + self.dice.choice(self.teams) + "}"
        return "{}"

    def _accounts(self) -> Iterator[str]:
        pick, chance, number = self.dice.choice, self.dice.random, self.dice.randrange
        count = self.sizes.accounts
        for at in range(count):
            key, made = self._id(at, count, 0)
            owner = pick(self.owners)
            first, second = pick(words.ADJECTIVES), pick(words.NOUNS)
            name = f"{first} {second} {pick(words.FORMS)} {at + 1}"
            domain = f"{first}-{second}-{at + 1}.example".lower()
            kind = "customer" if chance() < 0.4 else "prospect"
            people = int(5 / (chance() ** 1.2 + 0.0005))
            self.accounts.append((key, owner))
            self.contacts_of.append([])
            yield (
                f"{key}\t{owner}\t{self._shared()}\t{made}\t{made}\t{name}\t{domain}"
                f"\thttps://{domain}\t{kind}\t{'customer' if kind == 'customer' else 'lead'}"
                f"\t{pick(words.INDUSTRIES)}\t{people}\t{people * 180_000}.00\t{self.currency}"
                f"\t+1 555 {number(10_000_000):07}\t{pick(words.CITIES)}\t{pick(words.COUNTRIES)}\n"
            )

    def _contacts(self) -> Iterator[str]:
        pick, number = self.dice.choice, self.dice.randrange
        count, accounts = self.sizes.contacts, len(self.accounts)
        for at in range(count):
            key, made = self._id(at, count, 1)
            place = number(accounts)
            account, owner = self.accounts[place]
            first, last = pick(words.GIVEN), pick(words.FAMILY)
            self.contacts_of[place].append(at)
            self.contacts.append((key, place))
            yield (
                f"{key}\t{owner}\t{self._shared()}\t{made}\t{made}\t{first}\t{last}"
                f"\t{first}.{last}.{at + 1}@mail.example\t+1 555 {number(10_000_000):07}\t{account}"
                f"\t{pick(words.TITLES)}\t{pick(('executive', 'director', 'manager', 'staff'))}"
                f"\t{pick(words.CITIES)}\t{pick(words.COUNTRIES)}\n"
            )

    def _opportunities(self) -> Iterator[str]:
        pick, chance = self.dice.choice, self.dice.random
        count = self.sizes.opportunities
        for at in range(count):
            key, made = self._id(at, count, 2)
            place = self._skewed(len(self.accounts), 1.6)
            account, owner = self.accounts[place]
            if chance() < 0.3:  # a colleague sells here too
                owner = pick(self.owners)
            near = self.contacts_of[place]
            contact = self.contacts[pick(near)][0] if near and chance() < 0.9 else "\\N"
            close = made.date() + timedelta(days=20 + int(chance() * 160))
            stage = self._stage(close, chance())
            closed = f"{close} 12:00+00" if stage.category != "open" else "\\N"
            entered = made + (TODAY - made.date()) * (chance() * 0.5)
            amount = f"{800 / (chance() ** 0.9 + 0.0008):.2f}" if chance() < 0.94 else "\\N"
            lost = pick(("price", "competitor", "no_decision", "timing"))
            self.deals.append((key, owner, place, contact))
            yield (
                f"{key}\t{owner}\t{self._shared()}\t{made}\t{made}"
                f"\t{pick(words.DEALS)} {pick(words.NOUNS)} {at + 1}\t{account}\t{contact}"
                f"\t{stage.pipeline}\t{stage.id}\t{stage.category}\t{entered}\t{amount}\t{self.currency}"
                f"\t{stage.probability}\t{stage.forecast}\t{pick(('new', 'new', 'expansion'))}"
                f"\t{made.date()}\t{close}\t{closed}\t{pick(words.NEXT_STEPS)}\t{pick(words.SOURCES)}"
                f"\t{lost if stage.category == 'lost' else ''}\n"
            )

    def _stage(self, close: date, luck: float) -> Stage:
        """Deals whose day has passed are mostly decided; some were forgotten."""
        if close < TODAY and luck < 0.97:
            return self.won if luck < 0.42 else self.lost
        return self.open[min(int(luck**1.5 * len(self.open)), len(self.open) - 1)]

    def _activities(self) -> Iterator[str]:
        pick, chance = self.dice.choice, self.dice.random
        count = self.sizes.activities
        for at in range(count):
            key, made = self._id(at, count, 3)
            deal = "\\N"
            if chance() < 0.7:
                deal, owner, place, contact = self.deals[self._skewed(len(self.deals), 1.6)]
                account = self.accounts[place][0]
            else:
                place = self._skewed(len(self.accounts), 1.6)
                account, owner = self.accounts[place]
                near = self.contacts_of[place]
                contact = self.contacts[pick(near)][0] if near else "\\N"
            kind = pick(words.KINDS)
            still_open = kind == "task" and chance() < 0.15
            happened = "\\N" if still_open else made
            due = made + timedelta(days=3) if kind == "task" else "\\N"
            spoke = kind in ("call", "email")
            yield (
                f"{key}\t{owner}\t{{}}\t{made}\t{made}\t{kind}"
                f"\t{pick(words.SUBJECTS)} {pick(words.SUBJECTS).lower()}"
                f"\t{'open' if still_open else 'completed'}"
                f"\t{pick(('inbound', 'outbound')) if spoke else ''}"
                f"\t{pick(('reached', 'no_answer', 'voicemail')) if kind == 'call' else ''}"
                f"\t{due}\t{happened}\t{happened}\t{60 + int(chance() * 1_800)}"
                f"\t{account}\t{contact}\t{deal}\n"
            )

    def _skewed(self, count: int, power: float) -> int:
        """A place where some come up far more often than others, spread over all times."""
        return int(count * self.dice.random() ** power) * 7_919 % count
