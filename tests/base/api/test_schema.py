"""Whatever the OpenAPI document allows, and much that it does not, is answered without a 500."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode

from crm import make
from dealwright.base.objects.registry import object_type
from dealwright.base.people.tokens import create_token
from make import acting, make_administrator

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# A stream that never ends by itself has tests of its own.
ENDLESS = r"/events/stream"
EXAMPLES = 3  # of each kind, for each of some 300 operations: the whole takes two minutes
MAKERS = {
    "account": make.make_account,
    "contact": make.make_contact,
    "lead": make.make_lead,
    "opportunity": make.make_opportunity,
    "quote": make.make_quote,
    "product": make.make_product,
    "activity": make.make_activity,
    "case": make.make_case,
    "campaign": make.make_campaign,
}


@schemathesis.serializer("application/x-ndjson")
def as_lines(ctx: Any, value: Any) -> bytes:
    """The document says text; any text is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def test_no_request_breaks_the_server() -> None:
    secret = create_token(acting(make_administrator()), name="Any", scopes=["admin"]).secret
    headers = {"Authorization": f"Bearer {secret}"}
    records = {object_type(key).slug: str(maker().pk) for key, maker in MAKERS.items()}
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", get_wsgi_application(), headers=headers
    ).exclude(path_regex=ENDLESS)
    operations = [result.ok() for result in schema.get_all_operations()]
    # What ends a record comes last, so that the others meet a living one.
    operations.sort(key=lambda operation: operation.method.upper() == "DELETE")
    failures: list[str] = []
    for operation in operations:
        known = records.get(operation.path.removeprefix("/api/v1").split("/")[1])
        for mode in GenerationMode:
            try:
                _ask(operation, headers, mode, known)
            except Exception as error:
                failures.append(f"{operation.label} ({mode.value}): {str(error)[:1500]}")
    assert len(operations) > 200
    assert not failures, f"{len(failures)}:\n" + "\n\n".join(failures)


def _ask(operation: Any, headers: dict[str, str], mode: GenerationMode, known: str | None) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if known and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = known
        case.call_and_validate(headers=headers, checks=[not_a_server_error])

    ask()
