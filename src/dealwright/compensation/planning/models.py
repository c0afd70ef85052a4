"""Scenarios of quotas and territories that are tried before any of them holds."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_noop

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import Team, User
from dealwright.compensation.columns import in_order, money


class Method(models.TextChoices):
    """By what an amount is shared out among the rows below; see ``allocation``."""

    HEADS = "heads", "Equally by heads"
    HISTORY = "history", "By what was credited before"
    PIPELINE = "pipeline", "By open pipeline"
    WEIGHTS = "weights", "By given weights"
    HAND = "hand", "By hand"


def fraction(**options: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(max_digits=9, decimal_places=6, **options)


class PlanningScenario(models.Model):
    """A number that is to be reached in some months and how it could be shared out.

    ``target`` is the number in ``currency`` for the quota name ``measure``. ``over_assignment``
    are fractions by level from the top, the last for all below. ``ramp`` are fractions by month
    on the job, ``seasonality`` weights by month or quarter (empty: all alike). ``grain`` says
    whether adopted quotas are for each month, each quarter or the whole. What was credited in
    the days of history and what is open now stands on the rows as of ``figures_at``.

    It is a draft until ``shared_at``; adopted while ``adopted_at``; ``dropped_at`` ends it.
    """

    class Grain(models.TextChoices):
        MONTH = "month", "Each month"
        QUARTER = "quarter", "Each quarter"
        RANGE = "range", "The whole time"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    measure = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    starts_on = models.DateField()
    ends_on = models.DateField()
    target = money()
    step = money(default=1)
    method = models.CharField(max_length=8, choices=Method, default=Method.HISTORY)
    over_assignment = ArrayField(fraction(), default=list, blank=True)
    ramp = ArrayField(fraction(), default=list, blank=True)
    seasonality = ArrayField(
        models.DecimalField(max_digits=18, decimal_places=2), default=list, blank=True
    )
    expected_attainment = fraction(default=1)
    grain = models.CharField(max_length=7, choices=Grain, default=Grain.MONTH)
    history_starts_on = models.DateField()
    history_ends_on = models.DateField()
    figures_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    shared_at = models.DateTimeField(null=True, blank=True)
    adopted_at = models.DateTimeField(null=True, blank=True)
    adopted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    dropped_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            in_order("planning_scenario_in_order"),
            models.CheckConstraint(
                condition=models.Q(target__gte=0, step__gt=0, expected_attainment__gt=0),
                name="planning_scenario_numbers",
            ),
            models.CheckConstraint(
                condition=models.Q(adopted_at__isnull=True) | models.Q(dropped_at__isnull=True),
                name="planning_scenario_adopted_or_dropped",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> str:
        """draft, shared, adopted or dropped."""
        if self.dropped_at:
            return "dropped"
        if self.adopted_at:
            return "adopted"
        return "shared" if self.shared_at else "draft"

    @property
    def is_open(self) -> bool:
        """Whether it can still be changed."""
        return self.adopted_at is None and self.dropped_at is None


class PlanningRow(models.Model):
    """A place in the tree of a scenario: a person, a position, a team, a planned hire, or a
    group that only has a name. The one row without a parent is the whole.

    ``locked`` is an amount by hand, ``proposed`` what the manager above wants. ``weight`` is a
    given weight, or the figure that stands in for a history that is missing. ``starts_on`` and
    ``ends_on`` bound the days on the job, ``ramp_from`` is the day from which the ramp counts.
    ``amount``, ``carried`` and ``unplaced`` are what sharing out came to, see ``allocation``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scenario = models.ForeignKey(PlanningScenario, on_delete=models.CASCADE, related_name="rows")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    place = models.PositiveIntegerField(default=0)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    position = models.CharField(max_length=120, blank=True, default="")
    # A team that goes leaves a group of its name: those below it stay in the plan.
    team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=160)
    is_hire = models.BooleanField(default=False)
    sets_quota = models.BooleanField(default=True)
    method = models.CharField(max_length=8, choices=Method, blank=True, default="")
    over = fraction(null=True, blank=True)
    weight = money(null=True, blank=True)
    locked = money(null=True, blank=True)
    proposed = money(null=True, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    ramp_from = models.DateField(null=True, blank=True)
    expected_attainment = fraction(null=True, blank=True)
    history = money(default=0)
    pipeline = money(default=0)
    amount = money(default=0)
    carried = money(default=0)
    unplaced = money(default=0)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["place", "name", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True, team__isnull=True)
                | models.Q(user__isnull=True, position="")
                | models.Q(team__isnull=True, position=""),
                name="planning_row_of_one_holder",
            ),
            models.CheckConstraint(
                condition=models.Q(is_hire=False)
                | models.Q(user__isnull=True, team__isnull=True, position=""),
                name="planning_row_hire_is_nobody_yet",
            ),
            models.CheckConstraint(
                condition=(models.Q(locked__isnull=True) | models.Q(locked__gte=0))
                & (models.Q(proposed__isnull=True) | models.Q(proposed__gte=0))
                & (models.Q(weight__isnull=True) | models.Q(weight__gte=0))
                & models.Q(amount__gte=0),
                name="planning_row_not_negative",
            ),
            in_order("planning_row_in_order"),
            models.UniqueConstraint(
                fields=["scenario"],
                condition=models.Q(parent__isnull=True),
                name="planning_row_one_whole",
            ),
            models.UniqueConstraint(
                fields=["scenario", "user"],
                condition=models.Q(user__isnull=False),
                name="planning_row_user_once",
            ),
            models.UniqueConstraint(
                fields=["scenario", "position"],
                condition=~models.Q(position=""),
                name="planning_row_position_once",
            ),
            models.UniqueConstraint(
                fields=["scenario", "team"],
                condition=models.Q(team__isnull=False),
                name="planning_row_team_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_holder(self) -> bool:
        """Whether somebody or something can be given a quota."""
        return self.user_id is not None or self.team_id is not None or bool(self.position)


class PlanningChange(models.Model):
    """What somebody changed or said, with the reason; never changed itself.

    ``row_id`` and ``row_name`` stay when the row goes; both are empty for the whole scenario.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scenario = models.ForeignKey(PlanningScenario, on_delete=models.PROTECT, related_name="changes")
    row_id = models.UUIDField(null=True)
    row_name = models.CharField(max_length=160, blank=True)
    what = models.CharField(max_length=20)  # a key of WHAT
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["row_id", "-at"], name="planning_change_row")]

    def __str__(self) -> str:
        return f"{self.what}: {self.row_name}"


WHAT = {
    "created": gettext_noop("Created"),
    "settings": gettext_noop("Settings"),
    "comment": gettext_noop("Comment"),
    "locked": gettext_noop("Quota by hand"),
    "proposed": gettext_noop("Bottom-up"),
    "taken": gettext_noop("Bottom-up taken over"),
    "weight": gettext_noop("Weight"),
    "row": gettext_noop("Row changed"),
    "added": gettext_noop("Row added"),
    "moved": gettext_noop("Moved"),
    "removed": gettext_noop("Row removed"),
    "territory": gettext_noop("Territory"),
    "figures": gettext_noop("Figures read again"),
    "imported": gettext_noop("From a file"),
    "shared": gettext_noop("Shared"),
    "unshared": gettext_noop("Draft again"),
    "adopted": gettext_noop("Adopted"),
    "undone": gettext_noop("Adoption undone"),
    "dropped": gettext_noop("Dropped"),
}


class PlannedTerritory(models.Model):
    """Who is to hold a territory from the scenario's first day on, in place of whoever does."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scenario = models.ForeignKey(
        PlanningScenario, on_delete=models.CASCADE, related_name="territories"
    )
    territory = models.CharField(max_length=120)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["territory"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scenario", "territory"], name="planned_territory_once")
        ]

    def __str__(self) -> str:
        return f"{self.territory}: {self.user_id}"


class AdoptedQuota(models.Model):
    """A quota that adopting set, as it was set: what taking it back compares with."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scenario = models.ForeignKey(
        PlanningScenario, on_delete=models.PROTECT, related_name="adopted_quotas"
    )
    quota_id = models.UUIDField(unique=True)
    holder = models.CharField(max_length=160)
    starts_on = models.DateField()
    ends_on = models.DateField()
    amount = money()

    class Meta:
        ordering: ClassVar = ["holder", "starts_on"]

    def __str__(self) -> str:
        return f"{self.holder} {self.starts_on}"


class AdoptedTerritory(models.Model):
    """What adopting did with a holder of a territory: ``is_new``, or ended on ``ends_on`` where
    ``ended_was`` stood before."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scenario = models.ForeignKey(
        PlanningScenario, on_delete=models.PROTECT, related_name="adopted_territories"
    )
    holder_id = models.UUIDField()
    territory = models.CharField(max_length=120)
    is_new = models.BooleanField()
    ends_on = models.DateField(null=True)
    ended_was = models.DateField(null=True)

    class Meta:
        ordering: ClassVar = ["territory", "is_new"]

    def __str__(self) -> str:
        return self.territory
