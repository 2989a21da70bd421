"""What every form that writes a clinical row carries: a key that lets it count once, or the version it was read at."""

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing

_SALT = "clinic.records.submission"


@dataclass(frozen=True, slots=True)
class Once:
    """What a form's key is bound to: who may use it, for which action, on which record."""

    user_id: int
    action: str
    subject: str

    def issue(self) -> str:
        """Return a new signed key for one rendering of the form."""
        return signing.dumps([uuid.uuid4().hex, self.user_id, self.action, self.subject], salt=_SALT)

    def read(self, token: str) -> uuid.UUID:
        """Return the key inside a token that was issued for this very purpose; raises signing.BadSignature."""
        key, *bound_to = signing.loads(token, salt=_SALT)
        if bound_to != [self.user_id, self.action, self.subject]:
            raise signing.BadSignature("This key was made for another person, action or record.")
        return uuid.UUID(key)


class OnceForm(forms.Form):
    """A form that makes a row, and makes it once however often it is sent. `cleaned_data["submission"]` is its key."""

    submission = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, once: Once, **kwargs: Any) -> None:
        """Issue a fresh key unless the form comes back with one."""
        super().__init__(*args, **kwargs)
        self.once = once
        self.fields["submission"].initial = once.issue

    def clean_submission(self) -> uuid.UUID:
        """Refuse a key that was made for another person, action or record."""
        try:
            return self.once.read(self.cleaned_data["submission"])
        except signing.BadSignature:
            raise forms.ValidationError(
                "This form was opened by somebody else or for another record. Open the page again and repeat the entry."
            ) from None


class VersionedForm(forms.Form):
    """A form that changes a row. `cleaned_data["version"]` is the version the person had on screen."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
