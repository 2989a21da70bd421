"""The first account of an installation, opened at the command line."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from clinic.audit.models import Entry
from clinic.staff import services
from clinic.staff.models import Site, User
from clinic.staff.roles import GRANTS, Role
from tests import factories
from tests.factories import AT, BY

PASSWORD = "a long enough secret"


def create(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> User:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    facts = {"username": "root", "email": "Root@Example.org", "full_name": "Ruth Root"} | facts
    call_command("createsuperuser", interactive=False, stdout=StringIO(), **facts)
    return User.objects.get(username=facts["username"])


@pytest.mark.django_db
def test_the_command_opens_an_account_that_keeps_the_whole_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    root = create(monkeypatch)
    assert (root.is_superuser, root.is_staff, root.rights) == (True, True, {})
    assert (root.full_name, root.email) == ("Ruth Root", "root@example.org")


@pytest.mark.django_db
@pytest.mark.parametrize("login", ["root", "root@example.org", "Root@Example.org"])
def test_the_account_signs_in(monkeypatch: pytest.MonkeyPatch, login: str) -> None:
    root = create(monkeypatch)
    client = Client()
    client.post(reverse("account_login"), {"login": login, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(root.pk)


@pytest.mark.django_db
def test_the_trail_tells_of_it_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    root = create(monkeypatch)
    entry = Entry.objects.get(event="staff.account_opened")
    assert (entry.process, entry.target_id) == ("manage.py createsuperuser", str(root.pk))
    assert entry.changes["is_superuser"] == [None, True]
    assert "password" not in entry.changes


@pytest.mark.django_db
def test_a_second_one_is_told_of_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    create(monkeypatch)
    create(monkeypatch, username="deputy", email="deputy@example.org")
    told = Entry.objects.filter(event="staff.account_opened").order_by("pk")
    assert [entry.changes["username"][1] for entry in told] == ["root", "deputy"]


@pytest.mark.django_db
def test_a_name_that_is_taken_is_refused_and_leaves_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.user(username="root")
    with pytest.raises(CommandError, match="already taken"):
        create(monkeypatch)
    assert not Entry.objects.filter(process="manage.py createsuperuser").exists()


def test_a_superuser_may_take_a_role_and_keeps_the_administration_pages_without(
    monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    root = create(monkeypatch)
    membership = services.give_role(user=root, site=site, role=Role.NURSE, by=BY, at=AT)
    assert User.objects.get(pk=root.pk).rights == {site.pk: GRANTS[Role.NURSE]}
    services.take_role(membership=membership, by=BY, at=AT)
    assert User.objects.get(pk=root.pk).is_staff
