"""What the forms of this room have in common: a layout by topic, cautions to confirm, a preview to have seen."""

from collections.abc import Iterable
from typing import Any, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout, LayoutObject
from django import forms

from treatments.rules.cautions import CODES, Caution


class HouseForm(forms.Form):
    """A form whose layout names its fields; the markup around them is the template's."""

    # Legend and fields of each fieldset, in order.
    topics: Iterable[tuple[str, tuple[Any, ...]]] = ()

    @property
    def helper(self) -> FormHelper:
        """Return the layout: one fieldset per topic, hidden fields kept."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.render_hidden_fields = True
        helper.layout = Layout(*(self._topic(legend, fields) for legend, fields in self.laid_out()))
        return helper

    @staticmethod
    def _topic(legend: str, fields: tuple[Any, ...]) -> LayoutObject:
        """Return a topic's fields; the only topic of a page needs no legend, because the page's heading says it."""
        return Fieldset(legend, *fields) if legend else Layout(*fields)

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Return the topics to show; a subclass may add one."""
        return self.topics


class Confirmations(forms.MultipleChoiceField):
    """The sentences that the person ticked.

    What was confirmed is the sentence with its figures: after another change the services ask about the new one. A
    sentence nobody asks about does no harm, so it is let through; a code is refused, because people confirm no codes.
    """

    def valid_value(self, value: str) -> bool:
        """Let any sentence through."""
        return value not in CODES


class ConfirmingForm(HouseForm):
    """A form that can ask the person to confirm cautions before it is accepted a second time."""

    confirmed = Confirmations(label="Please confirm", required=False, widget=forms.CheckboxSelectMultiple)
    asked = False

    def ask(self, cautions: tuple[Caution, ...]) -> None:
        """Show the cautions, each to be ticked, and keep everything that was typed."""
        self.asked = True
        field = cast("Confirmations", self.fields["confirmed"])
        field.choices = [(caution.text, caution.text) for caution in cautions]
        field.required = True
        self.add_error("confirmed", "Read each point and tick it to confirm, or correct the entry.")

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Add the confirmations at the end, once there are any: the last thing to read before the button."""
        box = Div("confirmed", css_class="panel edged tone-attention mt-3 pb-1")
        return (*self.topics, ("", (box,))) if self.asked else self.topics


class PreviewedForm(HouseForm):
    """A form that shows what it changes before it changes it. `seen` marks the very preview that was shown."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def has_seen(self, mark: str) -> bool:
        """Say whether the person sent the form with this preview in front of them."""
        return bool(self.data.get(self.add_prefix("seen")) == mark)

    def show(self, mark: str) -> None:
        """Let the form carry the mark of the preview that is shown with it."""
        data = cast("Any", self.data).copy()
        data[self.add_prefix("seen")] = mark
        self.data = data
