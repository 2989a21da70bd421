from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from clinic.staff.models import User
from clinic.staff.roles import Role
from monographs.forms import LONGEST_QUESTION
from tests.factories import AT
from tests.monographs.builders import BODY, SEED_TEXT, USER_TEXT, document, imported, in_force, regimen_yaml
from tests.monographs.pages import one, opened, words

pytestmark = pytest.mark.django_db
LIST, SEARCH = "/monographs/", "/monographs/search/"
EXAMPLIN, NUSINERSEN = "/monographs/examplin/", "/monographs/nusinersen/"


@pytest.fixture
def client(signed_in: Callable[..., Client]) -> Client:
    """Return the browser of a nurse."""
    return signed_in(Role.NURSE)


class TestWhoMayRead:
    @pytest.mark.parametrize("url", [LIST, SEARCH, EXAMPLIN])
    def test_somebody_who_is_not_signed_in_is_asked_to(self, url: str) -> None:
        in_force(document())
        response = Client().get(url)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))

    @pytest.mark.parametrize("role", list(Role))
    @pytest.mark.parametrize("url", [LIST, SEARCH, EXAMPLIN])
    def test_every_role_may_read(self, signed_in: Callable[..., Client], role: Role, url: str) -> None:
        in_force(document())
        assert signed_in(role).get(url).status_code == 200

    def test_somebody_without_any_role_may_read(
        self, signed_in: Callable[..., Client], person: Callable[..., User]
    ) -> None:
        in_force(document())
        assert signed_in(user=person()).get(EXAMPLIN).status_code == 200

    @pytest.mark.parametrize("url", [LIST, SEARCH, EXAMPLIN])
    def test_nothing_is_written_here(self, client: Client, url: str) -> None:
        in_force(document())
        assert client.post(url).status_code == 405


class TestTheAddresses:
    def test_they_keep_their_names(self) -> None:
        assert reverse("monographs:list") == LIST
        assert reverse("monographs:search") == SEARCH
        assert reverse("monographs:detail", args=["examplin"]) == EXAMPLIN

    @pytest.mark.parametrize("url", ["/monographs/otherin/", EXAMPLIN + "?version=2", EXAMPLIN + "?version=x"])
    def test_what_is_not_there_answers_404(self, client: Client, url: str) -> None:
        in_force(document())
        assert client.get(url).status_code == 404


class TestTheList:
    def test_it_says_how_to_begin_when_there_is_nothing(self, client: Client) -> None:
        assert "manage.py load_monographs" in words(one(opened(client, LIST), ".empty"))

    def test_it_leads_to_each_monograph_with_version_and_review(self, client: Client) -> None:
        in_force(document(front="reviewed_on: 2026-01-31\nreviewed_by: Dr Adler\n"))
        row = one(opened(client, LIST), ".monograph-list > li")
        assert one(row, "h2 a")["href"] == EXAMPLIN
        assert "Version 1, in force since 4 Jul 2026" in words(row)
        assert "Reviewed by Dr Adler on 31 Jan 2026" in words(row)

    def test_it_leads_to_what_is_done_with_them_for_whoever_may_see_that(
        self, client: Client, signed_in: Callable[..., Client], person: Callable[..., User]
    ) -> None:
        places = {reverse(name) for name in ("rules", "calculator", "courses:versions")}
        assert places == {str(link["href"]) for link in opened(client, LIST).select(".entries a")}
        assert not opened(signed_in(user=person()), LIST).select(".entries a")

    def test_it_says_where_nobody_has_reviewed_the_text(self, client: Client) -> None:
        in_force(document())
        assert "Not reviewed by this clinic" in words(one(opened(client, LIST), ".monograph-list > li"))

    def test_it_offers_the_search(self, client: Client) -> None:
        assert one(opened(client, LIST), "main form[role=search]")["action"] == SEARCH


class TestAMonograph:
    def test_the_users_own_document_is_shown_whole(self, client: Client) -> None:
        in_force(USER_TEXT)
        page = opened(client, NUSINERSEN)
        assert words(one(page, "h1")) == "Nusinersen"
        assert [len(group.select("li")) for group in page.select(".effect-group")] == [9, 9, 8]
        assert [words(heading) for heading in page.select(".effect-group h3")] == [
            "Common Side Effects (>10%)",
            "Less Common Side Effects (1-10%)",
            "Serious but Less Common Side Effects (<1%, post-marketing, and/or case reports)",
        ]
        assert len(page.select(".questions h3")) == 6
        assert [words(heading) for heading in page.select(".precaution h3")] == [
            "Contraindications",
            "Increased Risk",
            "Pregnancy and Breastfeeding",
            "Monitoring",
        ]
        assert "contact your healthcare provider immediately" in words(page)

    def test_the_shipped_monograph_is_shown_with_its_regimens_and_sources(self, client: Client) -> None:
        in_force(SEED_TEXT)
        page = opened(client, NUSINERSEN)
        assert len(page.select("#regimens ~ .panel")) == 3
        assert "30 days after the dose before (day 58)" in words(page)
        assert "35 days after the dose before (day 63)" in words(page)
        assert "No rules for a late dose are known for this regimen" in words(page)
        assert len(page.select("#sources ~ ul li")) == 6

    def test_the_late_rules_say_their_own_source_and_first_day(self, client: Client) -> None:
        late = "    late_maintenance:\n      source: Late label\n      bands: [{from: 8 months, restart: true}]\n"
        dated = regimen_yaml("dated") + late + "      effective_from: 2026-01-12\n"
        undated = regimen_yaml("undated", default=False) + late
        in_force(document(dated, undated))
        panels = [words(panel) for panel in opened(client, EXAMPLIN).select("#regimens ~ .panel")]
        assert "Source: Late label. Effective from: 12 Jan 2026" in panels[0]
        assert "Source: Late label. Effective from: not stated" in panels[1]

    def test_a_regimen_says_source_and_first_day(self, client: Client) -> None:
        in_force(document(regimen_yaml()))
        said = words(one(opened(client, EXAMPLIN), "#regimens ~ .panel"))
        assert "Source Example label Effective from 30 Mar 2026" in said

    def test_the_disclaimer_stands_before_the_text(self, client: Client) -> None:
        in_force(document())
        page = opened(client, EXAMPLIN)
        notice = one(page, ".monograph-text > .notices > li")
        assert words(notice) == "Disclaimer For education only."
        first = page.select(".monograph-section")[0]
        assert notice.sourceline is not None
        assert first.sourceline is not None
        assert notice.sourceline < first.sourceline

    def test_every_line_of_the_contents_leads_to_a_heading_and_every_heading_has_one(self, client: Client) -> None:
        in_force(SEED_TEXT)
        page = opened(client, NUSINERSEN)
        headings = [str(heading["id"]) for heading in page.select(".monograph-section > h2[id]")]
        for contents in page.select(".monograph-contents ol"):
            assert [link["href"] for link in contents.select("a")] == [f"#{anchor}" for anchor in headings]
        assert len(page.select(".monograph-contents ol")) == 2
        assert {"side-effects", "dosage", "precautions", "faqs"} <= set(headings)

    def test_no_two_elements_of_a_page_share_an_id(self, client: Client) -> None:
        in_force(SEED_TEXT)
        in_force(USER_TEXT)
        ids = [element["id"] for element in opened(client, NUSINERSEN).select("[id]")]
        assert len(ids) == len(set(map(str, ids)))

    def test_headings_go_down_one_level_at_a_time(self, client: Client) -> None:
        in_force(SEED_TEXT)
        levels = [
            int(heading.name[1]) for heading in opened(client, NUSINERSEN).select("main article :is(h1,h2,h3,h4)")
        ]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))

    def test_the_title_of_the_page_names_the_drug(self, client: Client) -> None:
        in_force(document())
        assert words(one(opened(client, EXAMPLIN), "title")).startswith("Examplin · Monographs")

    def test_the_first_version_shows_no_history(self, client: Client) -> None:
        in_force(document())
        assert opened(client, EXAMPLIN).select("#all-versions") == []

    def test_a_text_without_regimens_says_which_stay_in_force(self, client: Client) -> None:
        in_force(SEED_TEXT)
        in_force(USER_TEXT)
        page = opened(client, NUSINERSEN)
        assert "those of version 1 stay in force" in words(page)
        assert len(page.select("#regimens ~ .panel")) == 3


class TestASupersededVersion:
    @pytest.fixture(autouse=True)
    def versions(self) -> None:
        in_force(document(note="The first text."))
        in_force(document(note="The second text."))

    def test_it_is_shown_as_such_and_leads_to_the_one_in_force(self, client: Client) -> None:
        page = opened(client, EXAMPLIN, version="1")
        notice = page.select(".notices .notice")[0]
        assert "Version 1 is no longer in force" in words(notice)
        assert one(notice, "a")["href"] == EXAMPLIN
        assert "The first text." in words(page)
        assert "Superseded" in words(one(page, ".monograph-text > .facts"))

    def test_the_one_in_force_is_not_shown_as_superseded(self, client: Client) -> None:
        page = opened(client, EXAMPLIN, version="2")
        assert "no longer in force" not in words(page)
        assert "The second text." in words(page)

    def test_each_version_leads_to_the_others(self, client: Client) -> None:
        page = opened(client, EXAMPLIN)
        (link,) = page.select("#all-versions ~ ul a")
        assert (link["href"], words(link)) == ("?version=1", "Version 1")


class TestTheReview:
    def test_a_text_that_nobody_reviewed_says_so(self, client: Client) -> None:
        in_force(document())
        assert "Not reviewed by this clinic" in words(one(opened(client, EXAMPLIN), ".monograph-text > .facts"))

    @pytest.mark.parametrize(("days", "shown"), [(365, 0), (366, 1)])
    def test_the_banner_comes_on_the_day_after_a_year(self, client: Client, days: int, shown: int) -> None:
        reviewed = datetime(2026, 3, 1, 12, tzinfo=UTC)
        in_force(document(front=f"reviewed_on: {reviewed:%Y-%m-%d}\nreviewed_by: Dr Adler\n"))
        with time_machine.travel(reviewed + timedelta(days=days), tick=False):
            client.force_login(User.objects.get(), backend="allauth.account.auth_backends.AuthenticationBackend")
            page = opened(client, EXAMPLIN)
        assert len(page.select(".notice.shape-clock")) == shown
        assert "Reviewed by Dr Adler on 1 Mar 2026" in words(page)


class TestTheSearch:
    def test_it_asks_for_words_before_there_are_any(self, client: Client) -> None:
        assert "What are you looking for?" in words(one(opened(client, SEARCH), ".empty"))

    def test_a_hit_is_marked_and_leads_to_its_section(self, client: Client) -> None:
        in_force(document())
        page = opened(client, SEARCH, q="urine")
        hit = one(page, ".hits > li")
        assert one(hit, "a")["href"] == f"{EXAMPLIN}#side-effects"
        assert words(one(hit, "h2")) == "Examplin · Side Effects"
        assert words(one(hit, "mark")) == "urine"
        assert "1 place with “urine”" in words(one(page, "[role=status]"))

    def test_the_words_asked_for_stay_in_the_field(self, client: Client) -> None:
        assert (
            one(opened(client, SEARCH, q="low platelet"), "input[name=q]:not(#site-search)")["value"] == "low platelet"
        )

    def test_it_says_when_nothing_is_found_and_where_to_read(self, client: Client) -> None:
        in_force(document())
        empty = one(opened(client, SEARCH, q="xyzzy"), ".empty")
        assert "Nothing found" in words(empty)
        assert one(empty, "a")["href"] == LIST

    def test_it_says_when_there_is_more_than_it_shows(self, client: Client) -> None:
        effects = "\n".join(f"* Sign number {n}" for n in range(60))
        in_force(document(body=BODY.replace("* Headache", effects)))
        assert "The first 50 places with “sign”" in words(one(opened(client, SEARCH, q="sign"), "[role=status]"))

    def test_a_question_that_is_too_long_is_refused_in_words(self, client: Client) -> None:
        page = opened(client, SEARCH, q="x" * (LONGEST_QUESTION + 1))
        assert "at most 100 characters" in words(one(page, ".error-summary"))

    def test_markup_that_was_typed_stays_text(self, client: Client) -> None:
        in_force(document(note="Less than one b."))
        page = opened(client, SEARCH, q="<b>one</b>")
        assert page.select("main b") == []
        assert "“<b>one</b>”" in words(one(page, "[role=status]"))


@pytest.mark.parametrize("url", [LIST, EXAMPLIN, SEARCH + "?q=examplin"])
def test_a_page_takes_no_query_more_when_there_is_more_to_show(
    client: Client, url: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    in_force(document(regimen_yaml()))
    with django_assert_num_queries(LIMITS[url]):
        client.get(url)
    in_force(SEED_TEXT)
    imported(document(regimen_yaml(), note="Examplin, once more."), at=AT + timedelta(days=1))
    with django_assert_num_queries(LIMITS[url]):
        client.get(url)


# Session, account and roles take three, the page itself the rest.
LIMITS = {LIST: 4, EXAMPLIN: 10, SEARCH + "?q=examplin": 8}
