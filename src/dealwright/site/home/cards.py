"""The site's own cards and first steps. Systems add theirs with ``base.web.home.add_card``."""

from __future__ import annotations

from dealwright.base.messaging.models import MailSettings
from dealwright.base.people.models import User
from dealwright.base.transfer.models import ImportJob
from dealwright.base.web.home import Card, FirstStep, add_card, add_first_step
from dealwright.site.home import queries


def _imported() -> bool:
    return ImportJob.objects.exists()


def _invited() -> bool:
    return User.objects.filter(is_placeholder=False, is_active=True).count() > 1


def _mail_connected() -> bool:
    return MailSettings.objects.exists()


add_first_step(
    FirstStep(
        key="import",
        label="Import your data",
        text="A file from your last CRM or a spreadsheet. You see what will happen first.",
        url="/import",
        button="Import a file",
        icon="upload",
        is_done=_imported,
        position=10,
    )
)
add_first_step(
    FirstStep(
        key="invite",
        label="Invite your people",
        text="Each gets an e-mail with a link, a profile and a place in the role tree.",
        url="/settings/users/invite",
        button="Invite people",
        icon="user-plus",
        is_done=_invited,
        position=20,
    )
)
add_first_step(
    FirstStep(
        key="mail",
        label="Connect your mail",
        text="Until then, what would be sent rests in the outbox, where you can read it.",
        url="/settings/mail",
        button="Connect mail",
        icon="mail",
        is_done=_mail_connected,
        position=30,
    )
)
add_card(
    Card(
        key="tasks",
        label="My open tasks",
        template="site/home/tasks.html",
        query=queries.my_tasks,
        url="/tasks",
        position=10,
    )
)
add_card(
    Card(
        key="pipeline",
        label="Pipeline",
        template="site/home/pipeline.html",
        query=queries.pipeline,
        url="/opportunities/board",
        position=20,
    )
)
add_card(
    Card(
        key="team",
        label="My team this month",
        template="site/home/team.html",
        query=queries.team_this_month,
        url="/leaderboard",
        position=22,
    )
)
add_card(
    Card(
        key="resting",
        label="Deals that need a push",
        template="site/home/resting.html",
        query=queries.resting_deals,
        position=30,
    )
)
