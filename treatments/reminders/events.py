"""What the trail calls the things that people do to reminders."""

PUT_OFF = "reminders.put_off"
PREFERENCES_SET = "reminders.preferences_set"
SENT_AGAIN = "reminders.sent_again"
