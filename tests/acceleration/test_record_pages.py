"""The pages of sequences and plays say what is in them."""

from __future__ import annotations

import pytest
from django.test import Client

from dealwright.acceleration.sequences.services import save_steps
from dealwright.base.records.services import create_record
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from make import acting, make_administrator

pytestmark = pytest.mark.django_db


def test_a_sequence_shows_its_steps_and_a_play_its_checklist():
    admin = make_administrator()
    client = Client()
    client.force_login(admin)
    sequence = create_record(acting(admin), "sequence", {"name": "Welcome"})
    empty = client.get(f"/sequences/{sequence.pk}").content.decode()
    assert "No steps yet" in empty
    save_steps(
        acting(admin),
        sequence.pk,
        [
            {"kind": "email", "subject": "Hello there", "body": "Good to meet you."},
            {"kind": "email", "wait_days": 3, "body": "Still there?"},
        ],
    )
    text = client.get(f"/sequences/{sequence.pk}").content.decode()
    assert "Hello there" in text
    assert "after 3 working days" in text

    stage = ensure_default_pipeline().stages.first()
    play = create_record(
        acting(admin),
        "play",
        {"name": "Qualify", "stage": stage.pk, "guidance": "Ask first.", "checklist": ["Budget"]},
    )
    text = client.get(f"/plays/{play.pk}").content.decode()
    assert "Ask first." in text
    assert "Budget" in text
