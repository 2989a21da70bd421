"""Forms about patients. They only validate; `clinic.patients.services` writes."""

from clinic.patients.forms.parts import (
    PART_FORMS,
    CareStatusForm,
    FactsForm,
    PersonForm,
    ProfileForm,
    VoidForm,
    WithdrawForm,
)
from clinic.patients.forms.registering import RegisterForm

__all__ = [
    "PART_FORMS",
    "CareStatusForm",
    "FactsForm",
    "PersonForm",
    "ProfileForm",
    "RegisterForm",
    "VoidForm",
    "WithdrawForm",
]
