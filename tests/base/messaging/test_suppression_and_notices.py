"""Who must not be written to; and notices under the bell."""

from __future__ import annotations

import pytest

from base.messaging.test_outbox import ACTOR, make_mail
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.messaging import (
    notify,
    suppress_address,
    suppressed_reason,
    suppressed_reasons,
    unread_count,
    unsubscribe_url,
)
from dealwright.base.messaging.models import Notice, Suppression
from dealwright.base.messaging.notices import (
    notices_of,
    read_all_notices,
    read_notice,
    trim_notices,
)
from dealwright.base.messaging.suppression import lift_suppression, read_unsubscribe_token
from dealwright.base.records.models import AuditEvent
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


def test_only_a_hash_of_the_address_is_kept() -> None:
    row = suppress_address(ACTOR, "Kim@Example.com", reason="unsubscribed", source="link")
    kept = f"{Suppression.objects.filter(pk=row.pk).values().get()}"
    traces = "".join(str(each.after) for each in AuditEvent.objects.all())
    assert "kim" not in (kept + traces).lower()
    assert suppressed_reason(" kim@example.COM ", "sequence") == "Unsubscribed"


def test_the_list_is_asked_for_sales_mail_and_never_for_others() -> None:
    suppress_address(ACTOR, "kim@example.com", reason="unsubscribed")
    for purpose, status in (
        ("sequence", "suppressed"),
        ("marketing", "suppressed"),
        ("account", "held"),
        ("", "held"),
    ):
        assert make_mail(purpose=purpose).status == status


def test_one_purpose_or_a_whole_domain_can_be_on_it() -> None:
    suppress_address(ACTOR, "kim@example.com", reason="unsubscribed", purpose="marketing")
    suppress_address(ACTOR, "@rival.example", reason="by_hand")
    asked = ["kim@example.com", "lee@rival.example", "pat@free.example"]
    assert suppressed_reasons(asked, "sequence") == {"lee@rival.example": "Set by hand"}
    assert suppressed_reasons(asked, "marketing") == {
        "kim@example.com": "Unsubscribed",
        "lee@rival.example": "Set by hand",
    }


def test_suppressing_twice_keeps_the_first_reason() -> None:
    first = suppress_address(ACTOR, "kim@example.com", reason="complained")
    assert suppress_address(ACTOR, "KIM@example.com", reason="unsubscribed").pk == first.pk
    assert suppressed_reason("kim@example.com", "sequence") == "Reported as spam"


def test_it_is_lifted_by_an_administrator_alone() -> None:
    suppress_address(ACTOR, "kim@example.com", reason="unsubscribed")
    with pytest.raises(NotAllowed):
        lift_suppression(acting(make_user()), "kim@example.com")
    admin = acting(make_administrator())
    lift_suppression(admin, "kim@example.com")
    assert not suppressed_reason("kim@example.com", "sequence")
    with pytest.raises(NotFound, match="not on the suppression list"):
        lift_suppression(admin, "kim@example.com")


def test_sales_mail_carries_the_one_click_headers() -> None:
    headers = make_mail(purpose="sequence").headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].startswith("<http://localhost:8000/unsubscribe/")
    assert make_mail(purpose="account").headers == {}


def test_an_unsubscribe_link_cannot_be_made_up() -> None:
    token = unsubscribe_url("kim@example.com", "sequence").rpartition("/")[2]
    assert read_unsubscribe_token(token) == ("kim@example.com", "sequence")
    for wrong in (token[:-1], "a:b:c", ""):
        with pytest.raises(NotFound, match="This link is not complete"):
            read_unsubscribe_token(wrong)


def test_a_notice_is_unread_until_its_user_reads_it() -> None:
    user, other = make_user(), make_user()
    first = notify(user, "The import is done.", url="/jobs/1")
    notify(user, "A reply came in.")
    assert unread_count(user) == 2 and unread_count(other) == 0
    with pytest.raises(NotFound):
        read_notice(acting(other), first.id)
    read_notice(acting(user), first.id)
    assert unread_count(user) == 1
    assert [each.title for each in notices_of(acting(user))] == [
        "A reply came in.",
        "The import is done.",
    ]
    assert read_all_notices(acting(user)) == 1
    assert unread_count(user) == 0


@pytest.mark.parametrize(
    "url", ["https://evil.example", "//evil.example", "/\\evil", "javascript:x"]
)
def test_a_notice_leads_nowhere_else(url: str) -> None:
    with pytest.raises(Invalid, match="starts with one slash"):
        notify(make_user(), "Look", url=url)


def test_old_notices_go_when_there_are_very_many() -> None:
    user = make_user()
    Notice.objects.bulk_create(Notice(user=user, title=str(number)) for number in range(503))
    assert trim_notices() == 3
    assert notices_of(acting(user), limit=1)[0].title == "502"
