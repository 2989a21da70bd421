"""Forms of courses and doses. They only validate; the services decide and write."""

from treatments.courses.forms.bookings import BookForm, MoveForm, ReasonForm
from treatments.courses.forms.courses import HoldForm, ResumeForm, StartForm, StopForm
from treatments.courses.forms.decisions import NOTHING, DecideForm, SwitchForm, TooSoonForm, WhatIfForm
from treatments.courses.forms.fields import EARLIEST, LATEST, amount_field, day_field, instant, time_field, words_field
from treatments.courses.forms.giving import ElsewhereForm
from treatments.courses.forms.house import Confirmations, ConfirmingForm, HouseForm, PreviewedForm

__all__ = [
    "EARLIEST",
    "LATEST",
    "NOTHING",
    "BookForm",
    "Confirmations",
    "ConfirmingForm",
    "DecideForm",
    "ElsewhereForm",
    "HoldForm",
    "HouseForm",
    "MoveForm",
    "PreviewedForm",
    "ReasonForm",
    "ResumeForm",
    "StartForm",
    "StopForm",
    "SwitchForm",
    "TooSoonForm",
    "WhatIfForm",
    "amount_field",
    "day_field",
    "instant",
    "time_field",
    "words_field",
]
