"""The calculator: the schedule of any history, without a patient. Nothing is stored and nothing is read of anybody."""
