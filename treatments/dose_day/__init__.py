"""The dose day: checked, given or not, watched, gone home, called; and put right where the record was wrong."""
