"""Drafts for the tests, kept through the service."""

from datetime import datetime

from clinic.drafts import services
from clinic.drafts.places import Place, Slip
from clinic.staff.models import User
from tests.factories import AT

FORM, SUBJECT = "labs:add", "5"
TYPED = {"note": ["Lay flat for two hours"]}


def place(user: User, form: str = FORM, subject: str = SUBJECT) -> Place:
    return Place(user.pk, form, subject)


def keep(where: Place, data: dict[str, list[str]] | None = None, *, at: datetime = AT) -> None:
    services.keep(place=where, data=(TYPED if data is None else data).items(), at=at)


def slip(user: User) -> Slip:
    return Slip(place(user), "/here/", "/above/")
