"""The building blocks of the pages, and what every template has to keep to."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from crispy_forms.helper import FormHelper
from django import forms
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.template import Engine
from django.template.loader import render_to_string

from clinic.statuses import CARE, DOSE, LIGHT

TEMPLATES = Path(__file__).parents[2] / "templates"
PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
SHOWN_HERE = [name for name in PAGES if not name.startswith("emails/")]
COMPONENTS = [name for name in PAGES if name.startswith("components/")]


class Vial(forms.Form):
    key = forms.CharField(widget=forms.HiddenInput)
    lot = forms.CharField(label="Lot")
    mg = forms.DecimalField(label="Amount", max_value=100)
    guidance = forms.ChoiceField(
        label="Guidance", choices=[("us", "Ultrasound"), ("ct", "CT")], widget=forms.RadioSelect
    )

    def clean(self) -> dict[str, Any] | None:
        self.add_error(None, "This vial is in quarantine.")
        return super().clean()


class LaidOutVial(Vial):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True


def soup(name: str, **context: Any) -> BeautifulSoup:
    return BeautifulSoup(render_to_string(f"components/{name}.html", context), "html.parser")


def one(page: Tag, selector: str) -> Tag:
    """Return the only element that the selector finds; ValueError when there are none, or several."""
    [found] = page.select(selector)
    return found


def sent() -> Vial:
    return Vial({"mg": "120"})


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_begins_by_naming_its_context(name: str) -> None:
    source = (TEMPLATES / name).read_text()

    assert re.match(r"({% extends [^%]+%}\n)?({#|{% comment %}\n)", source)


@pytest.mark.parametrize("name", SHOWN_HERE)
def test_a_page_carries_no_style_or_script_inline_and_fetches_nothing_from_elsewhere(name: str) -> None:
    source = (TEMPLATES / name).read_text()

    assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=", source)
    assert not re.search(r"\ssrc(set)?=.https?:|<link[^>]+https?:|\saction=.https?:", source)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_compiles(name: str) -> None:
    assert Engine.get_default().get_template(name).nodelist


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_the_pages_of_last_resort_need_no_context(name: str) -> None:
    page = BeautifulSoup(render_to_string(name), "html.parser")

    assert one(page, "h1").text
    assert one(page, "main a")["href"] == "/"


def test_the_error_summary_lists_each_error_once_and_leads_to_its_field() -> None:
    summary = soup("error_summary", form=sent())

    assert [item.text for item in summary.find_all("li")] == [
        "This vial is in quarantine.",
        "This field is required.",
        "Lot: This field is required.",
        "Amount: Ensure this value is less than or equal to 100.",
        "Guidance: This field is required.",
    ]
    assert [link["href"] for link in summary.find_all("a")] == ["#id_lot", "#id_mg", "#id_guidance_0"]
    assert one(summary, ".error-summary")["role"] == "alert"


@pytest.mark.parametrize("form", [Vial(), Vial({"key": "k"}, initial={})], ids=["unbound", "bound"])
def test_the_error_summary_is_there_only_for_errors(form: Vial) -> None:
    assert bool(soup("error_summary", form=form).find_all("li")) is form.is_bound


def test_a_form_says_its_errors_beside_the_fields_and_once_above_them() -> None:
    page = soup("form", form=sent(), submit_label="Save", cancel_url="/back", csrf_token="token")

    assert page.text.count("This vial is in quarantine.") == 1
    assert [one(page, str(link["href"])).name for link in page.select(".error-summary a")] == ["input"] * 3
    assert one(page, f"#{one(page, '#id_lot')['aria-describedby']}").text.strip() == "This field is required."
    assert one(page, "form button").text == "Save"
    assert one(page, ".form-buttons a")["href"] == "/back"


def test_a_form_keeps_its_hidden_key_and_one_token() -> None:
    page = soup("form", form=LaidOutVial({"key": "k"}), submit_label="Save", csrf_token="token")

    assert one(page, "input[name=key]")["value"] == "k"
    assert len(page.find_all("input", {"name": "csrfmiddlewaretoken"})) == len(page.find_all("form")) == 1


def test_confirming_shows_before_and_after_and_sends_the_hidden_fields() -> None:
    panel = soup(
        "confirm_panel",
        title="Move the dose?",
        text="Later doses move with it.",
        rows=[("M7", "3 Mar 2027", "22 Mar 2027")],
        form=Vial({"key": "k"}),
        submit_label="Move",
        cancel_url="/back",
        csrf_token="token",
    )

    assert [cell.text for cell in panel.select("tbody tr > *")] == ["M7", "3 Mar 2027", "22 Mar 2027"]
    assert [field["name"] for field in panel.select("form input")] == ["csrfmiddlewaretoken", "key"]


def banner(care: str) -> Tag:
    patient = SimpleNamespace(
        name="OKAFOR, Amara",
        url="/patients/1",
        born="14 Jul 2018",
        age="8 y 4 m",
        sex="Female",
        identifiers=[("MRN", "204 118 3390")],
        care=CARE[care],
        facts=[("Next dose", "3 Nov 2026", DOSE["overdue"]), ("Allergies", "Not asked", None)],
    )
    return one(soup("patient_banner", patient=patient), "section")


def test_the_banner_labels_every_value_but_the_name() -> None:
    section = banner("active")

    assert one(section, "a").text == "OKAFOR, Amara"
    assert [label.text for label in section.select(".label, dt")] == ["Born", "Sex", "MRN", "Next dose", "Allergies"]
    assert one(section, "dd .tag").text == "Overdue"


@pytest.mark.parametrize(("care", "looks_different"), [("active", False), ("transferred", True), ("died", True)])
def test_who_is_no_longer_in_our_care_has_a_banner_that_looks_different(care: str, looks_different: bool) -> None:
    assert ("ended" in banner(care)["class"]) is looks_different


def test_a_light_gives_its_reason_and_the_link_that_fixes_it() -> None:
    item = soup(
        "light",
        about="Authorisation",
        status=LIGHT["not_ready"],
        reason="None covers the day.",
        action_url="/fix",
        action_label="Add one",
    )

    assert [part.text.strip() for part in item.select("li > span")] == [
        "Authorisation",
        "Not ready",
        "None covers the day.",
    ]
    assert one(item, "a")["href"] == "/fix"


def test_tabs_show_their_counts_and_which_is_open() -> None:
    tabs = [
        SimpleNamespace(label="Overdue", url="?tab=overdue", current=True, count=9, tone="danger"),
        SimpleNamespace(label="Due", url="?tab=due", current=False, count="500+", tone="act"),
    ]
    links = soup("tabs", label="Worklist", tabs=tabs).find_all("a")

    assert [link.text for link in links] == ["Overdue 9", "Due 500+"]
    assert [link.get("aria-current") for link in links] == ["page", None]


@pytest.mark.parametrize(
    ("previous_url", "next_url", "words"),
    [("", "?after=x", ["Next"]), ("?before=x", "", ["Previous"]), ("", "", [])],
)
def test_the_pager_offers_only_pages_that_exist(previous_url: str, next_url: str, words: list[str]) -> None:
    pager = soup("pager", shown="50 of 213 patients", previous_url=previous_url, next_url=next_url)

    assert [link.text for link in pager.find_all("a")] == words


@pytest.mark.parametrize(
    ("level", "role"),
    [
        (messages.ERROR, "alert"),
        (messages.WARNING, "alert"),
        (messages.SUCCESS, "status"),
        (messages.INFO, "status"),
    ],
)
def test_what_went_wrong_is_announced_at_once_and_the_rest_politely(level: int, role: str) -> None:
    notice = one(soup("messages", messages=[Message(level, "Seen.")]), ".notice")

    assert (notice["role"], notice.text) == (role, "Seen.")


def test_a_data_table_names_its_rows_and_its_region() -> None:
    table = soup(
        "data_table",
        caption="Results",
        columns=["Collected", "INR"],
        rows=[["4 Apr 2026", "1.1"]],
    )

    assert one(table, "[role=region]")["aria-label"] == one(table, "caption").text == "Results"
    assert (one(table, "tbody th")["scope"], one(table, "tbody td").text) == ("row", "1.1")


def test_the_small_parts_show_what_they_are_given() -> None:
    words = soup("status_tag", status=DOSE["overdue"], detail="5 days late").text

    assert " ".join(words.split()) == "Overdue 5 days late"
    assert soup("definition_list", rows=[("Type", "2"), ("SMN2", "3")]).select("dd")[1].text == "3"
    assert one(soup("notice", tone="act", shape="information", title="Note"), "strong").text == "Note"


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("empty_state", {"title": "Nobody is overdue", "text": "Good.", "action_label": "All", "action_url": "/there"}),
        ("count_card", {"label": "labs to sign off", "count": 4, "tone": "attention", "url": "/there"}),
        ("notice", {"tone": "act", "shape": "dot", "title": "Note", "action_label": "See", "action_url": "/there"}),
    ],
)
def test_what_can_be_acted_on_leads_there(name: str, context: dict[str, Any]) -> None:
    assert one(soup(name, **context), "a")["href"] == "/there"


def test_a_timeline_entry_says_what_when_and_who() -> None:
    entry = SimpleNamespace(
        shape="tick", tone="done", title="M5 given", url="/d", when="3 Jul 2026", by="Dr Rey", text="Lot 8K221A."
    )
    item = soup("timeline_entry", entry=entry)

    assert one(item, "a").text == "M5 given"
    assert one(item, ".sub").text == "3 Jul 2026 · Dr Rey"
