"""What is asked of the monographs."""

from django import forms

LONGEST_QUESTION = 100


class SearchForm(forms.Form):
    """Words about a drug; they are no personal data, so the form is sent with GET and can be kept as a link."""

    q = forms.CharField(
        label="Search the monographs",
        max_length=LONGEST_QUESTION,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "type": "search", "autocomplete": "off"}),
    )
