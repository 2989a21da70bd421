"""What the trail calls the things that happen in this room."""

SCORE_RECORDED = "outcomes.motor_score_recorded"
SCORE_VOIDED = "outcomes.motor_score_voided"
