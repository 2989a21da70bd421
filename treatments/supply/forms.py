"""Forms of vials and authorisations. They only validate; the services decide and write."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from crispy_forms.layout import Field
from django import forms
from django.utils.html import format_html

from clinic import formatting, statuses
from clinic.records.forms import OnceForm, VersionedForm
from clinic.staff.models import Site
from monographs.models import Product
from treatments.courses.forms import HouseForm, day_field, instant, time_field
from treatments.rules.gs1 import Scans, has_right_check_digit, read_all
from treatments.rules.vials import Kind
from treatments.supply.models import Movement
from treatments.supply.queries import ALL, Choice

_CODED = {Kind.WASTED, Kind.QUARANTINED}
_WORDED = {Kind.RELEASED, Kind.RETURNED, Kind.FREED, *_CODED}
_PLACED = {Kind.TAKEN_OUT, Kind.PUT_BACK}
_MOST = 50


def _short(label: str, longest: int, **options: Any) -> forms.CharField:
    attrs = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
    return forms.CharField(label=label, max_length=longest, widget=forms.TextInput(attrs=attrs), **options)


def _words(label: str, *, rows: int = 2, **options: Any) -> forms.CharField:
    said = {"required": "Write the reason in a few words."}
    return forms.CharField(
        label=label, max_length=500, widget=forms.Textarea(attrs={"rows": rows}), error_messages=said, **options
    )


def _count(label: str, most: int = _MOST, **options: Any) -> forms.IntegerField:
    said = {"required": "Enter how many.", "invalid": "Enter a whole number.", "min_value": "Enter 1 or more."}
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=most,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages=said | {"max_value": f"Enter {most} or less."},
        **options,
    )


class StockFilter(forms.Form):
    """What the list of vials can be narrowed to."""

    state = forms.ChoiceField(
        required=False,
        choices=[
            ("", "On hand"),
            *[(key, status.label) for key, status in statuses.VIAL.items() if key != "unusable"],
            (ALL, "All, used ones too"),
        ],
    )
    mg = forms.ChoiceField(label="Strength", required=False)
    lot = forms.CharField(max_length=20, required=False, strip=True)
    days = forms.ChoiceField(
        label="Expires within",
        required=False,
        choices=[("", "Any time"), ("30", "30 days"), ("60", "60 days"), ("90", "90 days"), ("180", "180 days")],
    )
    site = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, strengths: Iterable[Decimal], sites: Sequence[Site], **kwargs: Any) -> None:
        """Offer the strengths there are; the site only to somebody of several."""
        super().__init__(*args, **kwargs)
        mgs = [(formatting.number(mg), formatting.quantity(mg, "mg")) for mg in strengths]
        cast("forms.ChoiceField", self.fields["mg"]).choices = [("", "All"), *mgs]
        offered = [("", "All my sites"), *[(str(site.pk), site.name) for site in sites]]
        cast("forms.ChoiceField", self.fields["site"]).choices = offered
        if len(sites) < 2:
            del self.fields["site"]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"


class ProductField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes no argument when it runs
    """A choice between the products in force."""

    def label_from_instance(self, obj: Product) -> str:
        """Return the product's name."""
        return obj.name


class _DeliveryForm(OnceForm, HouseForm):
    """A form about vials of one product at one site."""

    site = forms.ModelChoiceField(queryset=Site.objects.none(), empty_label=None)
    product = ProductField(
        queryset=Product.objects.none(),
        empty_label="Choose the strength",
        error_messages={"required": "Choose the strength."},
    )

    def __init__(self, *args: Any, sites: Sequence[Site], products: Sequence[Product], **kwargs: Any) -> None:
        """Offer the sites where this person manages supply, the first of them chosen, and the products in force."""
        super().__init__(*args, **kwargs)
        self.sites, self.products = sites, products
        site = cast("forms.ModelChoiceField[Site]", self.fields["site"])
        site.queryset = Site.objects.filter(pk__in=[one.pk for one in sites]).order_by("name")
        site.initial = sites[0].pk
        if len(sites) == 1:
            site.widget = forms.HiddenInput()
        product = cast("ProductField", self.fields["product"])
        product.queryset = Product.objects.filter(pk__in=[one.pk for one in products]).order_by("mg", "name")


class OrderForm(_DeliveryForm):
    """Write down that vials were ordered."""

    count = _count("Number of vials")
    expected_on = day_field("Expected on", required=False, help_text="May stay open until it is known.")
    order_reference = _short("Order reference", 40, required=False)
    topics = (("", ("site", "product", Field("count", wrapper_class="short"), "expected_on", "order_reference")),)


class ReceiveForm(_DeliveryForm):
    """Receive vials of one lot: scanned, or typed from the carton."""

    scan = forms.CharField(
        label="Scan the cartons",
        required=False,
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false", "autofocus": True}),
        help_text="One carton per line, as the scanner types it. Then read it in: it fills what follows.",
    )
    lot = _short("Lot", 20, error_messages={"required": "Enter the lot as it is printed on the carton."})
    expires_on = day_field("Vial expiry", help_text="Where only a month is printed, its last day.")
    gtin = _short("GTIN", 14, required=False, help_text="The 14 digits below the square code, if at hand.")
    count = _count("Number of vials", initial=1)
    serials = forms.CharField(
        label="Serial numbers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text="One per line; as many as there are.",
    )
    place = forms.CharField(max_length=80, required=False, help_text="Such as pharmacy refrigerator 1.")
    received_on = day_field("Day received", required=False, help_text="Leave both open for now.")
    received_time = time_field("Time received", required=False, help_text="By the clock at the site.")
    off_the_order = forms.BooleanField(
        label="Take them off what is on order, the oldest order first", required=False, initial=True
    )
    topics = (
        ("Carton", ("product", Field("lot", wrapper_class="medium"), "expires_on", "gtin", "serials")),
        (
            "Delivery",
            (
                "site",
                Field("count", wrapper_class="short"),
                Field("place", wrapper_class="medium"),
                "received_on",
                "received_time",
                "off_the_order",
            ),
        ),
    )

    def clean_gtin(self) -> str:
        """Refuse a number whose check digit is wrong."""
        gtin = str(self.cleaned_data["gtin"])
        if gtin and not (len(gtin) == 14 and gtin.isdecimal() and has_right_check_digit(gtin)):
            raise forms.ValidationError("This is no GTIN of 14 digits; check it, or leave it empty.")
        return gtin

    def clean_serials(self) -> tuple[str, ...]:
        """Return one number per line."""
        found = tuple(line.strip() for line in str(self.cleaned_data["serials"]).splitlines() if line.strip())
        if any(len(serial) > 20 for serial in found):
            raise forms.ValidationError("A serial number has 20 signs at most; write one per line.")
        return found

    def clean(self) -> dict[str, Any]:
        """Put day and time together as `received_at`, by the clock at the site; None means now."""
        values = super().clean() or self.cleaned_data
        if "site" in values:
            zone = values["site"].zone
            values["received_at"] = _moment(self, values, "received_on", "received_time", zone)
        return values


def _moment(form: forms.Form, values: dict[str, Any], on: str, at_time: str, zone: ZoneInfo) -> datetime | None:
    """Return the instant that two fields name, None when both are open; put what is wrong beside its field."""
    day, clock = values.get(on), values.get(at_time)
    if form.errors.keys() & {on, at_time}:
        return None
    if (day is None) != (clock is None):
        form.add_error(on if day is None else at_time, "Give both day and time, or leave both open for now.")
    if day is None or clock is None:
        return None
    try:
        return instant(day, clock, zone)
    except ValueError as skipped:
        form.add_error(at_time, str(skipped))
        return None


def scanned(text: str, typed: dict[str, Any], products: Iterable[Product], today: date) -> dict[str, Any]:
    """Return what was typed with what was scanned put over it. Raises UnreadableScan.

    A product number that no product is known by chooses none: the person does.
    """
    found: Scans = read_all(text, today)
    known = {gtin: product.pk for product in products for gtin in product.rule().gtins}
    read: dict[str, Any] = {
        "lot": found.first.lot,
        "expires_on": found.first.expires_on,
        "gtin": found.first.gtin,
        "product": known.get(found.first.gtin),
        "serials": "\n".join(found.serials),
    }
    return typed | {name: value for name, value in read.items() if value} | {"count": found.count, "scan": ""}


class MoveForm(OnceForm, HouseForm):
    """One move of one vial: when, and whatever its kind asks beside."""

    on = day_field("Day", required=False, help_text="Leave both open for now.")
    at_time = time_field("Time", required=False)
    in_carton = forms.TypedChoiceField(
        label="How it stands outside",
        choices=[("yes", "In its carton"), ("no", "Without its carton")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        initial="yes",
        error_messages={"required": "Say whether it stays in its carton: another clock runs."},
    )
    place = forms.CharField(max_length=80, required=False)
    code = forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose a reason"), *Movement.Code.choices],
        error_messages={"required": "Choose a reason."},
    )
    reason = _words("Reason")

    def __init__(self, *args: Any, kind: Kind, site: Site, **kwargs: Any) -> None:
        """Keep the fields that this kind asks for; day and time are read on the site's clock."""
        super().__init__(*args, **kwargs)
        self.kind, self.zone = kind, site.zone
        self.fields["at_time"].help_text = f"By the clock at {site.name}."
        unwanted = {
            "in_carton": kind is not Kind.TAKEN_OUT,
            "place": kind not in _PLACED,
            "code": kind not in _CODED,
            "reason": kind not in _WORDED,
        }
        for name, left_out in unwanted.items():
            if left_out:
                del self.fields[name]
        if kind in _CODED:
            self.fields["reason"].required, self.fields["reason"].label = False, "More about it"

    def laid_out(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """Return the fields there are: what is asked first, then when."""
        names = ["in_carton", "code", "reason", "place", "on", "at_time"]
        return (("", tuple(name for name in names if name in self.fields)),)

    def clean(self) -> dict[str, Any]:
        """Put day and time together as `at`; None means now. Ask for words where the reason is none of the list."""
        values = super().clean() or self.cleaned_data
        values["at"] = _moment(self, values, "on", "at_time", self.zone)
        if values.get("code") == Movement.Code.OTHER and not values.get("reason"):
            self.add_error("reason", "Say what it was.")
        return values


class CorrectForm(VersionedForm, HouseForm):
    """Correct what was typed from the carton."""

    lot = _short("Lot", 20)
    expires_on = day_field("Vial expiry")
    gtin = _short("GTIN", 14, required=False)
    serial = _short("Serial number", 20, required=False)
    reason = _words("Why it is corrected")
    topics = (("", (Field("lot", wrapper_class="medium"), "expires_on", "gtin", "serial", "reason")),)

    clean_gtin = ReceiveForm.clean_gtin


class ReserveForm(OnceForm, HouseForm):
    """Choose a vial for a dose. Only those that can be given are offered."""

    vial = forms.ChoiceField(
        label="Vial",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a vial.",
            "invalid_choice": "This vial cannot be chosen any more; the list below says why.",
        },
    )
    topics = (("", ("vial",)),)

    def __init__(self, *args: Any, choices: Sequence[Choice], **kwargs: Any) -> None:
        """Offer what can be chosen, the first to expire first and chosen already."""
        super().__init__(*args, **kwargs)
        fit = [choice for choice in choices if not choice.reasons]
        words = '{}<span class="sub">Expires {} · {}</span>'
        labels = [(str(one.id), format_html(words, one.name, one.expires, one.place)) for one in fit]
        cast("forms.ChoiceField", self.fields["vial"]).choices = labels
        if fit:
            self.fields["vial"].initial = str(next((one.id for one in fit if one.is_chosen), fit[0].id))


class LotForm(forms.Form):
    """The lot that is looked for."""

    lot = forms.CharField(
        max_length=40,
        strip=True,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": "Enter a lot."},
    )


class RecallForm(OnceForm, HouseForm):
    """Hold back a whole lot."""

    reason = _words("Why the lot is held back")
    topics = (("", ("reason",)),)


class AuthorisationForm(OnceForm, HouseForm):
    """Register what a payer has approved."""

    payer = forms.CharField(max_length=120, error_messages={"required": "Enter who pays."})
    reference = _short("Payer’s reference", 60, error_messages={"required": "Enter the reference on the letter."})
    starts_on = day_field("From")
    ends_on = day_field("Until", help_text="The last day on which a dose is covered.")
    doses_approved = _count("Doses approved", most=99)
    mg = forms.TypedChoiceField(
        label="Strength",
        required=False,
        coerce=Decimal,
        empty_value=None,
        help_text="Leave it open where the payer names none.",
    )
    note = forms.CharField(required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    topics = (
        ("Payer", ("payer", Field("reference", wrapper_class="medium"))),
        ("What is covered", ("starts_on", "ends_on", Field("doses_approved", wrapper_class="short"), "mg", "note")),
    )

    def __init__(self, *args: Any, strengths: Iterable[Decimal], **kwargs: Any) -> None:
        """Offer the strengths there are."""
        super().__init__(*args, **kwargs)
        _offer_strengths(self.fields["mg"], strengths)

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        values = super().clean() or self.cleaned_data
        _in_order(self, values)
        return values


class CorrectAuthorisationForm(VersionedForm, HouseForm):
    """Correct what was typed from the payer's letter."""

    payer = forms.CharField(max_length=120)
    reference = _short("Payer’s reference", 60)
    starts_on = day_field("From")
    ends_on = day_field("Until")
    doses_approved = _count("Doses approved", most=99)
    mg = forms.TypedChoiceField(label="Strength", required=False, coerce=Decimal, empty_value=None)
    note = forms.CharField(required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    reason = _words("Why it is corrected")
    topics = (*AuthorisationForm.topics, ("Reason", ("reason",)))

    def __init__(self, *args: Any, strengths: Iterable[Decimal], **kwargs: Any) -> None:
        """Offer the strengths there are."""
        super().__init__(*args, **kwargs)
        _offer_strengths(self.fields["mg"], strengths)

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        values = super().clean() or self.cleaned_data
        _in_order(self, values)
        return values


def _offer_strengths(field: forms.Field, strengths: Iterable[Decimal]) -> None:
    mgs = [(formatting.number(mg), formatting.quantity(mg, "mg")) for mg in strengths]
    cast("forms.TypedChoiceField", field).choices = [("", "Any strength"), *mgs]


def _in_order(form: forms.Form, values: dict[str, Any]) -> None:
    if {"starts_on", "ends_on"} <= values.keys() and values["ends_on"] < values["starts_on"]:
        form.add_error("ends_on", "It ends before it begins.")
