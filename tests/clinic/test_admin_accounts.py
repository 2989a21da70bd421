"""Accounts and roles on the administration pages: what an administrator may do, and what opens more than they keep."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.staff import services
from clinic.staff.models import Membership, Site, User
from clinic.staff.roles import GRANTS, Role
from tests import factories
from tests.clinic.admin_pages import account, choices, parsed, roles, save, told
from tests.factories import AT, BY

ADD = "admin:staff_user_add"
NEWCOMER = {"username": "ada", "full_name": "Ada Lovelace", "email": "Ada@Example.org", "home_site": ""}


@pytest.fixture
def keeper(site: Site) -> User:
    return factories.user(Role.ADMINISTRATOR, site=site, full_name="Ade Administrator")


@pytest.fixture
def root(db: None) -> User:
    user = factories.user(username="root")
    user.is_superuser = user.is_staff = True
    return services.changed(user, event="staff.account_changed", by=BY, at=AT)


@pytest.fixture
def browse(signed_in: Callable[..., Client]) -> Callable[[User], Client]:
    return lambda user: signed_in(user=user)


Browse = Callable[[User], Client]


class TestOpening:
    def test_the_page_asks_for_no_password_and_no_groups(self, keeper: User, browse: Browse) -> None:
        page = parsed(browse(keeper).get(reverse(ADD)))
        asked = {field["name"] for field in page.select("main [name]")}
        assert {"username", "full_name", "email", "home_site"} <= asked
        assert not {name for name in asked if re.search("password|groups|permissions|superuser|staff", str(name))}

    def test_a_new_account_has_no_password_and_its_roles(self, keeper: User, browse: Browse, site: Site) -> None:
        given = [(site, "nurse"), (site, "coordinator")]
        answer = browse(keeper).post(reverse(ADD), NEWCOMER | roles(give=given), follow=True)
        ada = User.objects.get(username="ada")
        assert not ada.has_usable_password()
        assert ada.rights == {site.pk: GRANTS[Role.NURSE] | GRANTS[Role.COORDINATOR]}
        assert (ada.email, ada.home_site, ada.is_staff) == ("ada@example.org", site, False)
        assert "They choose their own password through “Forgot your password?”" in answer.content.decode()

    def test_the_trail_names_who_opened_it_and_gave_each_role(self, keeper: User, browse: Browse, site: Site) -> None:
        browse(keeper).post(reverse(ADD), NEWCOMER | roles(give=[(site, "nurse")]))
        ada = User.objects.get(username="ada")
        opened = Entry.objects.get(event="staff.account_opened", target_id=str(ada.pk))
        given = Entry.objects.get(event="staff.role_given", changes__user=[None, ada.pk])
        assert opened.person == given.person == keeper
        assert opened.changes["full_name"] == [None, "Ada Lovelace"]
        assert given.changes["role"] == [None, "nurse"]
        assert "password" not in opened.changes

    def test_the_new_person_chooses_a_password_by_mail_and_signs_in(
        self, keeper: User, browse: Browse, site: Site
    ) -> None:
        browse(keeper).post(reverse(ADD), NEWCOMER | roles(give=[(site, "nurse")]))
        visitor = Client()
        visitor.post(reverse("account_reset_password"), {"email": "Ada@example.org"})
        found = re.search(r"/accounts/password/reset/\S+", str(mail.outbox[0].body))
        assert found
        form = visitor.get(found[0], follow=True)
        chosen = {"password1": "a quiet long password", "password2": "a quiet long password"}
        visitor.post(form.request["PATH_INFO"], chosen)
        visitor.post(reverse("account_login"), {"login": "ada", "password": "a quiet long password"})
        assert visitor.get(reverse("worklist")).status_code == 200

    def test_before_that_nothing_signs_in(self, keeper: User, browse: Browse, site: Site) -> None:
        browse(keeper).post(reverse(ADD), NEWCOMER | roles(give=[(site, "nurse")]))
        ada, visitor = User.objects.get(username="ada"), Client()
        for guess in ("", "!", ada.password):
            visitor.post(reverse("account_login"), {"login": "ada", "password": guess})
        assert "_auth_user_id" not in visitor.session

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({"username": "ADE"}, "already exists, in other letters"),
            ({"username": "ade"}, "A user with that username already exists"),
            ({"email": "ADE@example.org"}, "already exists"),
            ({"email": "none"}, "Enter a valid email address"),
            ({"username": ""}, "This field is required"),
        ],
    )
    def test_what_is_wrong_is_said_in_a_sentence(
        self, keeper: User, browse: Browse, facts: dict[str, str], sentence: str
    ) -> None:
        factories.user(username="ade")
        before = User.objects.count()
        assert sentence in told(browse(keeper).post(reverse(ADD), NEWCOMER | facts | roles()))
        assert User.objects.count() == before

    def test_nobody_is_made_superuser_by_the_way(self, keeper: User, browse: Browse) -> None:
        smuggled = {"is_superuser": "on", "is_staff": "on", "password": "x", "is_active": ""}
        browse(keeper).post(reverse(ADD), NEWCOMER | smuggled | roles())
        ada = User.objects.get(username="ada")
        assert (ada.is_superuser, ada.is_staff, ada.is_active, ada.has_usable_password()) == (False, False, True, False)


class TestChanging:
    def test_the_trail_names_who_changed_what_with_old_and_new(
        self, keeper: User, browse: Browse, person: Callable[..., User]
    ) -> None:
        nurse = person(Role.NURSE, full_name="Nadia Nurse")
        answer = save(browse(keeper), nurse, account(nurse, full_name="Nadia Married") | roles(nurse))
        assert answer.status_code == 302
        entry = Entry.objects.filter(event="staff.account_changed", target_id=str(nurse.pk)).latest("pk")
        assert (entry.person, entry.actor_name) == (keeper, "Ade Administrator")
        assert entry.changes == {"full_name": ["Nadia Nurse", "Nadia Married"]}

    def test_saving_without_a_change_leaves_no_entry(
        self, keeper: User, browse: Browse, person: Callable[..., User]
    ) -> None:
        nurse = person(Role.NURSE)
        before = Entry.objects.count()
        assert save(browse(keeper), nurse, account(nurse) | roles(nurse)).status_code == 302
        assert Entry.objects.count() == before

    def test_one_page_changes_the_name_and_takes_the_administration(
        self, keeper: User, browse: Browse, person: Callable[..., User]
    ) -> None:
        """The role's own copy of the account is older than the name."""
        other = person(Role.ADMINISTRATOR, full_name="Old Name")
        taken = list(Membership.objects.filter(user=other))
        save(browse(keeper), other, account(other, full_name="New Name") | roles(other, take=taken))
        again = User.objects.get(pk=other.pk)
        assert (again.full_name, again.is_staff, again.rights) == ("New Name", False, {})

    def test_a_role_taken_stands_in_the_trail_with_the_person_who_took_it(
        self, keeper: User, browse: Browse, person: Callable[..., User]
    ) -> None:
        nurse = person(Role.NURSE)
        save(browse(keeper), nurse, account(nurse) | roles(nurse, take=list(Membership.objects.filter(user=nurse))))
        entry = Entry.objects.get(event="staff.role_taken")
        assert (entry.person, entry.changes["user"], entry.changes["role"]) == (
            keeper,
            [nurse.pk, None],
            ["nurse", None],
        )

    def test_a_role_held_already_is_refused_in_a_sentence(
        self, keeper: User, browse: Browse, person: Callable[..., User], site: Site
    ) -> None:
        nurse = person(Role.NURSE)
        answer = save(browse(keeper), nurse, account(nurse) | roles(nurse, give=[(site, "nurse")]))
        assert "duplicate data for site and role" in told(answer)

    def test_one_role_given_twice_on_one_page_is_refused_in_a_sentence(
        self, keeper: User, browse: Browse, person: Callable[..., User], site: Site
    ) -> None:
        nurse = person(Role.NURSE)
        twice = [(site, "viewer"), (site, "viewer")]
        assert "duplicate" in told(save(browse(keeper), nurse, account(nurse) | roles(nurse, give=twice)))

    def test_a_role_cannot_be_turned_into_another(
        self, keeper: User, browse: Browse, person: Callable[..., User], site: Site
    ) -> None:
        nurse = person(Role.NURSE)
        forged = {"memberships-0-site": site.pk, "memberships-0-role": "prescriber"}
        save(browse(keeper), nurse, account(nurse) | roles(nurse) | forged)
        assert [row.role for row in Membership.objects.filter(user=nurse)] == ["nurse"]

    def test_a_closed_account_ends_with_the_next_request(
        self, keeper: User, browse: Browse, person: Callable[..., User]
    ) -> None:
        nurse = person(Role.NURSE)
        at_work = browse(nurse)
        assert at_work.get(reverse("worklist")).status_code == 200
        save(browse(keeper), nurse, account(nurse, is_active=None) | roles(nurse))
        page = at_work.get(reverse("worklist"))
        assert page.status_code == 302
        assert page["Location"].startswith(reverse("account_login"))

    def test_an_account_is_found_by_name_or_address(
        self, keeper: User, browse: Browse, person: Callable[..., User]
    ) -> None:
        person(Role.NURSE, Role.VIEWER, full_name="Nadia Nurse", email="nn@example.org")
        for typed in ("nadia", "NN@example", "Nurse"):
            rows = parsed(browse(keeper).get(reverse("admin:staff_user_changelist"), {"q": typed})).select("tbody tr")
            assert [row.select_one("th a").text for row in rows if row.select_one("th a")] == ["Nadia Nurse"]  # type: ignore[union-attr]

    def test_a_former_address_opens_nothing_any_more(
        self, keeper: User, browse: Browse, person: Callable[..., User]
    ) -> None:
        """The sign-in library remembers an address that it once sent a link to."""
        nurse = person(Role.NURSE, email="old@example.org")
        Client().post(reverse("account_reset_password"), {"email": "old@example.org"})
        save(browse(keeper), nurse, account(nurse, email="new@example.org") | roles(nurse))
        mail.outbox.clear()
        for address in ("old@example.org", "new@example.org"):
            Client().post(reverse("account_reset_password"), {"email": address})
        with_link = [message for message in mail.outbox if "/password/reset/" in message.body and nurse.full_name]
        assert [message.to for message in with_link if re.search(r"/password/reset/\w+-\w", str(message.body))] == [
            ["new@example.org"]
        ]
        visitor = Client()
        visitor.post(reverse("account_login"), {"login": "old@example.org", "password": "correct horse battery"})
        assert "_auth_user_id" not in visitor.session


class TestWithinOnesSites:
    def test_only_ones_own_sites_are_offered(
        self, keeper: User, browse: Browse, person: Callable[..., User], site: Site, other_site: Site
    ) -> None:
        pages = [
            browse(keeper).get(address)
            for address in (reverse(ADD), reverse("admin:staff_user_change", args=[person(Role.NURSE).pk]))
        ]
        for page in pages:
            for field in ("home_site", "memberships-__prefix__-site"):
                assert choices(page, field) == {"Northfield"}
            assert "Southgate" not in page.content.decode()

    def test_a_role_at_another_site_cannot_be_given(
        self, keeper: User, browse: Browse, person: Callable[..., User], other_site: Site
    ) -> None:
        nurse = person(Role.NURSE)
        answer = save(browse(keeper), nurse, account(nurse) | roles(nurse, give=[(other_site, "nurse")]))
        assert "Select a valid choice" in told(answer)
        assert not Membership.objects.filter(site=other_site).exists()

    def test_another_sites_people_are_not_there(
        self, keeper: User, browse: Browse, person: Callable[..., User], other_site: Site
    ) -> None:
        stranger = person(Role.NURSE, at=other_site, full_name="Stella Stranger")
        client = browse(keeper)
        assert b"Stella" not in client.get(reverse("admin:staff_user_changelist")).content
        page = client.get(reverse("admin:staff_user_change", args=[stranger.pk]))
        assert (page.status_code, page["Location"]) == (302, reverse("admin:index"))
        assert save(client, stranger, account(stranger, full_name="Taken") | roles(stranger)).status_code == 302
        assert User.objects.get(pk=stranger.pk).full_name == "Stella Stranger"

    def test_somebody_without_any_role_is_there_to_be_given_one(
        self, keeper: User, browse: Browse, site: Site, person: Callable[..., User]
    ) -> None:
        newcomer = person()
        save(browse(keeper), newcomer, account(newcomer) | roles(newcomer, give=[(site, "viewer")]))
        assert User.objects.get(pk=newcomer.pk).rights == {site.pk: GRANTS[Role.VIEWER]}

    def test_whoever_also_works_elsewhere_keeps_their_account(
        self, keeper: User, browse: Browse, person: Callable[..., User], site: Site, other_site: Site
    ) -> None:
        """A changed address and a new password would open the other site to this administrator."""
        both = person(Role.NURSE, full_name="Bo Both", email="bo@example.org")
        services.give_role(user=both, site=other_site, role=Role.PRESCRIBER, by=BY, at=AT)
        client = browse(keeper)
        page = client.get(reverse("admin:staff_user_change", args=[both.pk]))
        assert not parsed(page).select("[name=email], [name=username], [name=is_active]")
        assert "only its roles at your sites are yours" in page.content.decode()
        assert b"Southgate" not in page.content
        mine = list(Membership.objects.filter(user=both, site=site))
        forged = account(both, email="mine@example.org", is_active=None)
        shown = {
            "memberships-TOTAL_FORMS": 2,
            "memberships-INITIAL_FORMS": 1,
            "memberships-0-id": mine[0].pk,
            "memberships-0-user": both.pk,
            "memberships-0-DELETE": "on",
            "memberships-1-site": site.pk,
            "memberships-1-role": "viewer",
        }
        assert save(client, both, forged | shown).status_code == 302
        again = User.objects.get(pk=both.pk)
        assert (again.email, again.is_active) == ("bo@example.org", True)
        assert {(row.site, row.role) for row in Membership.objects.filter(user=both)} == {
            (site, "viewer"),
            (other_site, "prescriber"),
        }

    def test_a_role_at_another_site_cannot_be_taken(
        self, keeper: User, browse: Browse, person: Callable[..., User], other_site: Site
    ) -> None:
        both = person(Role.NURSE)
        there = services.give_role(user=both, site=other_site, role=Role.NURSE, by=BY, at=AT)
        save(browse(keeper), both, roles(both, take=[there]))
        assert Membership.objects.filter(pk=there.pk).exists()

    def test_a_superuser_is_not_an_administrators_to_change(
        self, keeper: User, browse: Browse, root: User, site: Site
    ) -> None:
        client = browse(keeper)
        assert client.get(reverse("admin:staff_user_change", args=[root.pk])).status_code == 302
        services.give_role(user=root, site=site, role=Role.VIEWER, by=BY, at=AT)
        save(client, root, account(root, email="mine@example.org") | roles(root))
        assert User.objects.get(pk=root.pk).email == "root@example.org"

    def test_a_superuser_changes_anybody_anywhere(
        self, root: User, browse: Browse, person: Callable[..., User], site: Site, other_site: Site
    ) -> None:
        both = person(Role.NURSE)
        services.give_role(user=both, site=other_site, role=Role.NURSE, by=BY, at=AT)
        answer = save(
            browse(root), both, account(both, full_name="Bo Both") | roles(both, give=[(other_site, "viewer")])
        )
        assert answer.status_code == 302
        assert User.objects.get(pk=both.pk).full_name == "Bo Both"
        assert Membership.objects.filter(user=both).count() == 3

    def test_a_home_site_that_one_does_not_keep_stays(
        self, keeper: User, browse: Browse, person: Callable[..., User], other_site: Site
    ) -> None:
        nurse = person(Role.NURSE)
        nurse.home_site = other_site
        services.changed(nurse, event="staff.account_changed", by=BY, at=AT)
        page = browse(keeper).get(reverse("admin:staff_user_change", args=[nurse.pk]))
        assert choices(page, "home_site") == {"Northfield", "Southgate"}
        save(browse(keeper), nurse, account(nurse, full_name="Nadia") | roles(nurse))
        again = User.objects.get(pk=nurse.pk)
        assert (again.full_name, again.home_site) == ("Nadia", other_site)


class TestOneself:
    def test_nobody_closes_their_own_account(self, keeper: User, browse: Browse) -> None:
        client = browse(keeper)
        assert not parsed(client.get(reverse("admin:staff_user_change", args=[keeper.pk]))).select("[name=is_active]")
        save(client, keeper, account(keeper, is_active=None) | roles(keeper))
        assert User.objects.get(pk=keeper.pk).is_active

    def test_nobody_takes_their_own_administration_away(self, keeper: User, browse: Browse) -> None:
        own = list(Membership.objects.filter(user=keeper))
        answer = save(browse(keeper), keeper, account(keeper) | roles(keeper, take=own))
        assert "Another administrator must take this role from you" in told(answer)
        assert User.objects.get(pk=keeper.pk).is_staff

    def test_another_role_of_ones_own_goes(self, keeper: User, browse: Browse, site: Site) -> None:
        nurse = services.give_role(user=keeper, site=site, role=Role.NURSE, by=BY, at=AT)
        assert save(browse(keeper), keeper, account(keeper) | roles(keeper, take=[nurse])).status_code == 302
        assert User.objects.get(pk=keeper.pk).rights == {site.pk: GRANTS[Role.ADMINISTRATOR]}

    def test_another_administrator_may_take_it_and_the_next_page_says_so(
        self, keeper: User, browse: Browse, person: Callable[..., User]
    ) -> None:
        other = person(Role.ADMINISTRATOR)
        theirs = browse(other)
        assert theirs.get(reverse("admin:index")).status_code == 200
        save(browse(keeper), other, account(other) | roles(other, take=list(Membership.objects.filter(user=other))))
        page = theirs.get(reverse("admin:index"), follow=True)
        assert page.status_code == 403
        assert "You have no role yet" in page.content.decode()

    def test_a_superuser_gives_themselves_a_role_and_takes_it_again(
        self, root: User, browse: Browse, site: Site
    ) -> None:
        client = browse(root)
        save(client, root, account(root) | roles(root, give=[(site, "administrator")]))
        assert client.get(reverse("worklist")).status_code == 200
        save(client, root, account(root) | roles(root, take=list(Membership.objects.filter(user=root))))
        assert client.get(reverse("admin:index")).status_code == 200
