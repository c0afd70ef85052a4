"""How the house knows sequences and enrollments."""

from collections.abc import Mapping, Sequence

from dealwright.acceleration.sequences.models import Enrollment
from dealwright.acceleration.sequences.models import Sequence as SalesSequence
from dealwright.base.objects.fields import Choice, Field, Kind
from dealwright.base.objects.registry import ObjectType

SEQUENCE = ObjectType(
    key="sequence",
    slug="sequences",
    label="Sequence",
    label_plural="Sequences",
    model=SalesSequence,
    icon="send",
    access={"rep": "read", "manager": "write"},
    columns=["name", "is_active", "any_time", "owner"],
    search=["name"],
    empty_text="No sequences yet. Write the mails once, and let replies stop them.",
    fields=[
        Field(key="name", label="Name", required=True, sortable=True),
        Field(key="is_active", label="Active", kind=Kind.BOOLEAN),
        Field(
            key="any_time",
            label="Send at any time",
            kind=Kind.BOOLEAN,
            help="Otherwise on weekdays between 8 and 18 o'clock where the person is.",
        ),
        Field(
            key="stop_for_account",
            label="A reply stops colleagues too",
            kind=Kind.BOOLEAN,
            listed=False,
        ),
        Field(key="description", label="Description", kind=Kind.LONG_TEXT, listed=False),
    ],
)


def _fixed(
    key: str,
    label: str,
    kind: Kind,
    choices: Sequence[Choice] = (),
    tones: Mapping[str, str] | None = None,
) -> Field:
    return Field(
        key=key,
        label=label,
        kind=kind,
        choices=choices,
        editable=False,
        on_create=False,
        sortable=True,
        importable=False,
        tones=tones or {},
    )


ENROLLMENT = ObjectType(
    key="enrollment",
    slug="enrollments",
    label="Enrollment",
    label_plural="Enrollments",
    model=Enrollment,
    icon="user-check",
    title="contact__name",
    subtitle="sequence",
    creatable=False,
    in_navigation=False,
    columns=["contact", "sequence", "status", "next_position", "due_at", "stop_reason", "owner"],
    search=[],
    empty_text="Nobody is on a sequence. Open a contact or lead and choose “Enroll”.",
    fields=[
        Field(
            key="contact",
            label="Contact",
            kind=Kind.RELATION,
            path="contact_id",
            relation="contact",
            title_path="contact__name",
            editable=False,
            on_create=False,
        ),
        Field(
            key="sequence",
            label="Sequence",
            kind=Kind.RELATION,
            path="sequence_id",
            relation="sequence",
            title_path="sequence__name",
            editable=False,
            on_create=False,
        ),
        _fixed(
            "status",
            "Status",
            Kind.CHOICE,
            [
                ("active", "Active"),
                ("paused", "Paused"),
                ("finished", "Finished"),
                ("stopped", "Stopped"),
            ],
            tones={"active": "info", "paused": "warning", "finished": "success"},
        ),
        _fixed("next_position", "Next step", Kind.INTEGER),
        _fixed("due_at", "Due", Kind.DATETIME),
        _fixed("held_because", "Waits because", Kind.TEXT),
        _fixed("stop_reason", "Stopped because", Kind.CHOICE, Enrollment.StopReason.choices),
    ],
)
