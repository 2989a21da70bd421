"""The fault bench: real senders against real servers, hurt on purpose, and counted by somebody who is not the product.

`make faults` runs all of it, `python -m tests.faults ROW …` a part, and the suite a short form (`test_faults.py`). Each
row stages what is owed, starts the senders, deals its faults and compares the mail server's own ledger with what was
owed. The rows on web forms, web workers and a full disk are not here: they are about the pages, not the reminders.
"""
