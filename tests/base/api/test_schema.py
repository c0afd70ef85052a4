"""Whatever the OpenAPI document allows, and much that it does not, is answered without a 500."""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error

from dealwright.base.people.tokens import create_token
from make import acting, make_administrator

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# A stream that never ends by itself has tests of its own.
ENDLESS = r"/events/stream"
EXAMPLES = int(os.environ.get("DEALWRIGHT_SCHEMA_EXAMPLES", "6"))


def test_no_request_breaks_the_server() -> None:
    secret = create_token(acting(make_administrator()), name="Fuzz", scopes=["admin"]).secret
    headers = {"Authorization": f"Bearer {secret}"}
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", get_wsgi_application(), headers=headers
    ).exclude(path_regex=ENDLESS)
    failures: list[str] = []
    checked = 0

    for result in schema.get_all_operations():
        operation: Any = result.ok()
        checked += 1

        try:
            _ask(operation, headers)
        except Exception as error:
            failures.append(f"{operation.label}: {str(error)[:1500]}")
    assert checked > 100
    assert not failures, f"{len(failures)} of {checked}:\n" + "\n\n".join(failures)


def _ask(operation: Any, headers: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=[not_a_server_error])

    ask()
