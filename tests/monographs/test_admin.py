from collections.abc import Callable

import pytest
from django.contrib.admin import site as admin_site
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.staff.models import Site
from clinic.staff.roles import Role
from monographs import events
from monographs.models import Effect, Faq, Monograph, Precaution, Regimen, Section, Version
from tests.monographs.builders import SEED_TEXT, document, imported, in_force, regimen_yaml
from tests.monographs.pages import one, opened, words

pytestmark = pytest.mark.django_db
VERSIONS, MONOGRAPHS = "/admin/monographs/version/", "/admin/monographs/monograph/"


@pytest.fixture
def administrator(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.ADMINISTRATOR)


def publish(client: Client, *versions: Version) -> str:
    """Run the action on these versions and return the words of the page that follows."""
    data = {"action": "publish", "_selected_action": [str(version.pk) for version in versions]}
    response = client.post(VERSIONS, data, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


class TestReading:
    @pytest.mark.parametrize("url", [VERSIONS, MONOGRAPHS])
    def test_administrators_see_every_row_whatever_their_site(self, administrator: Client, url: str) -> None:
        in_force(SEED_TEXT)
        assert "Nusinersen" in words(one(opened(administrator, url), "#result_list"))

    def test_a_version_is_shown_with_all_its_parts_and_no_field_to_write_in(self, administrator: Client) -> None:
        version = in_force(SEED_TEXT)
        page = opened(administrator, f"{VERSIONS}{version.pk}/change/")
        said = words(page)
        for part in (
            "nusinersen-high-dose",
            "How it Works",
            "Atelectasis",
            "Contraindications",
            "I have missed a dose",
        ):
            assert part in said
        assert page.select("#version_form :is(input, textarea, select):not([type=hidden])") == []

    def test_the_list_leads_to_the_page_that_staff_read(self, administrator: Client) -> None:
        in_force(document())
        imported(document(note="Two."), publish=False)
        links = [link["href"] for link in opened(administrator, VERSIONS).select("td.field-page a")]
        assert links == ["/monographs/examplin/?version=1"]

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
    @pytest.mark.parametrize("url", [VERSIONS, MONOGRAPHS])
    def test_nobody_else_comes_in(self, signed_in: Callable[..., Client], role: Role, url: str) -> None:
        assert signed_in(role).get(url).status_code in {302, 403}


class TestWriting:
    @pytest.fixture
    def version(self) -> Version:
        return in_force(document(regimen_yaml()))

    @pytest.mark.parametrize("model", ["version", "monograph"])
    @pytest.mark.parametrize("step", ["add/", "{pk}/delete/"])
    def test_nothing_is_added_or_deleted(self, administrator: Client, version: Version, model: str, step: str) -> None:
        pk = version.pk if model == "version" else version.monograph_id
        url = f"/admin/monographs/{model}/" + step.format(pk=pk)
        assert administrator.get(url).status_code == 403
        assert administrator.post(url, {"post": "yes"}).status_code == 403
        assert (Version.objects.count(), Monograph.objects.count()) == (1, 1)

    def test_a_version_in_force_is_not_changed_by_a_form(self, administrator: Client, version: Version) -> None:
        url = f"{VERSIONS}{version.pk}/change/"
        assert administrator.post(url, {"source": "other", "state": "draft", "disclaimer": ""}).status_code == 403
        version.refresh_from_db()
        assert (version.state, version.disclaimer) == (Version.State.PUBLISHED, "For education only.")

    def test_a_draft_is_not_changed_by_a_form_either(self, administrator: Client) -> None:
        draft = imported(document(), publish=False).version
        url = f"{VERSIONS}{draft.pk}/change/"
        assert administrator.post(url, {"state": "published"}).status_code == 403
        draft.refresh_from_db()
        assert draft.state == Version.State.DRAFT

    def test_no_action_deletes(self, administrator: Client, version: Version) -> None:
        options = [option["value"] for option in opened(administrator, VERSIONS).select("select[name=action] option")]
        assert options == ["", "publish"]
        data = {"action": "delete_selected", "_selected_action": [str(version.pk)], "post": "yes"}
        administrator.post(VERSIONS, data)
        assert Version.objects.filter(pk=version.pk).exists()

    def test_parts_have_no_pages_of_their_own(self) -> None:
        parts = {Section, Effect, Precaution, Faq, Regimen}
        assert parts.isdisjoint(admin_site._registry)


class TestPublishing:
    def test_a_draft_is_put_in_force_through_the_service_by_the_person(self, administrator: Client) -> None:
        draft = imported(document(), publish=False).version
        assert "Examplin version 1 is in force now." in publish(administrator, draft)
        draft.refresh_from_db()
        assert draft.state == Version.State.PUBLISHED
        entry = Entry.objects.get(event=events.VERSION_PUBLISHED)
        assert (entry.person_id, entry.process) == (int(administrator.session["_auth_user_id"]), "")

    def test_the_administrator_is_told_where_to_see_which_courses_could_take_it(self, administrator: Client) -> None:
        said = publish(administrator, imported(document(regimen_yaml()), publish=False).version)
        assert "Running courses stay as they are; a prescriber can migrate them." in said
        assert '<a href="/courses/versions/">See which stand on older versions</a>' in said

    @pytest.mark.parametrize("carried", [[], [regimen_yaml()]])
    def test_a_text_without_regimens_or_one_in_force_already_tells_nothing_of_courses(
        self, administrator: Client, carried: list[str]
    ) -> None:
        version = imported(document(*carried), publish=bool(carried)).version
        assert "Running courses" not in publish(administrator, version)

    def test_the_version_before_is_superseded(self, administrator: Client) -> None:
        first = in_force(document(note="One."))
        publish(administrator, imported(document(note="Two."), publish=False).version)
        first.refresh_from_db()
        assert first.state == Version.State.SUPERSEDED

    def test_what_is_in_force_is_left_as_it_is(self, administrator: Client) -> None:
        version = in_force(document())
        assert "is in force already" in publish(administrator, version)
        assert Entry.objects.filter(event=events.VERSION_PUBLISHED).count() == 1

    def test_a_superseded_version_is_refused_with_the_reason(self, administrator: Client) -> None:
        first = in_force(document(note="One."))
        second = in_force(document(note="Two."))
        assert "version 2 came into force after it" in publish(administrator, first)
        second.refresh_from_db()
        assert second.state == Version.State.PUBLISHED

    def test_several_drafts_come_into_force_in_the_order_of_their_numbers(self, administrator: Client) -> None:
        first = imported(document(note="One."), publish=False).version
        second = imported(document(note="Two."), publish=False).version
        publish(administrator, second, first)
        states = dict(Version.objects.values_list("number", "state"))
        assert states == {1: Version.State.SUPERSEDED, 2: Version.State.PUBLISHED}

    def test_one_refusal_stops_nothing_else(self, administrator: Client) -> None:
        in_force(document(regimen_yaml()))
        taken = imported(document(regimen_yaml(), title="Otherin"), publish=False).version
        free = imported(document(regimen_yaml("thirdin"), title="Thirdin"), publish=False).version
        said = publish(administrator, taken, free)
        assert "is already in force in the monograph" in said
        assert "Thirdin version 1 is in force now." in said

    def test_nobody_else_publishes(self, signed_in: Callable[..., Client], other_site: Site) -> None:
        draft = imported(document(), publish=False).version
        data = {"action": "publish", "_selected_action": [str(draft.pk)]}
        assert signed_in(Role.PRESCRIBER).post(VERSIONS, data).status_code in {302, 403}
        draft.refresh_from_db()
        assert draft.state == Version.State.DRAFT

    def test_the_room_is_reached_from_the_front_of_the_administration(self, administrator: Client) -> None:
        assert f'href="{VERSIONS}"' in administrator.get(reverse("admin:index")).content.decode()
