"""What the tests of the pages look at."""

from __future__ import annotations

from django.test import Client

from dealwright.crm.models import Stage
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline


def page(client: Client, address: str, status: int = 200) -> str:
    """The page at an address, which must answer with ``status``."""
    response = client.get(address)
    assert response.status_code == status, (address, response.status_code)
    return response.content.decode()


def stage(name: str) -> Stage:
    """A stage of the default pipeline."""
    return Stage.objects.get(pipeline=ensure_default_pipeline(), name=name)
