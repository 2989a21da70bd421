"""What the trail calls the things that happen in this room."""

OVERRIDE_GIVEN = "readiness.override_given"
OVERRIDE_CONFIRMED = "readiness.override_confirmed"
OVERRIDE_WITHDRAWN = "readiness.override_withdrawn"
OVERRIDE_REPLACED = "readiness.override_replaced"
POLICY_SET = "readiness.policy_set"
