"""Forms of the dose day. They only validate; the services decide and write."""

from treatments.dose_day.forms.aftercare import CallForm, HomeForm, ObservationForm
from treatments.dose_day.forms.checking import ChecklistForm
from treatments.dose_day.forms.giving import CorrectForm, GiveForm, NotGivenForm, TakeBackForm

__all__ = [
    "CallForm",
    "ChecklistForm",
    "CorrectForm",
    "GiveForm",
    "HomeForm",
    "NotGivenForm",
    "ObservationForm",
    "TakeBackForm",
]
