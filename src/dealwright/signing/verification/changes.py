"""Which later changes a signature allows: pyHanko's rules, with one mended."""

from __future__ import annotations

from collections.abc import Iterable

from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    FormUpdatingRule,
    ModificationLevel,
    StandardDiffPolicy,
)
from pyhanko.sign.diff_analysis.form_rules_api import (
    FieldComparisonContext,
    FieldComparisonSpec,
    FormUpdate,
)
from pyhanko.sign.diff_analysis.rules.form_field_rules import (
    GenericFieldModificationRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
)


class _ChangedFields(GenericFieldModificationRule):
    """Speaks of objects that an update holds, and of no others.

    pyHanko's own takes the look of every locked field for changed as soon as any other field
    is filled in, and so finds a locked form broken that was used as it should be.
    """

    def check_form_field(
        self, fq_name: str, spec: FieldComparisonSpec, context: FieldComparisonContext
    ) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        touched = context.new.explicit_refs_in_revision()  # type: ignore[no-untyped-call]
        for level, update in super().check_form_field(fq_name, spec, context):
            if update.updated_ref in touched:
                yield level, update


RULES = StandardDiffPolicy(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=FormUpdatingRule(
        field_rules=[
            SigFieldCreationRule(),  # type: ignore[no-untyped-call]
            SigFieldModificationRule(),
            _ChangedFields(),
        ]
    ),
)
