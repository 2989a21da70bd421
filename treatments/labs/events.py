"""What the trail calls the things that happen in this room."""

RESULT_LOGGED = "labs.result_logged"
RESULT_VOIDED = "labs.result_voided"
