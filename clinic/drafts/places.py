"""Where a draft belongs, and the signed slip with which a page says so."""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing

KEPT_FOR = timedelta(days=7)
_SALT = "clinic.drafts.slip"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose draft it is, in which form (the name of its address) and about which record (its key, may be empty)."""

    user_id: int
    form: str
    subject: str


@dataclass(frozen=True, slots=True)
class Slip:
    """What a form carries, so that it can be kept: the place of its draft, its own address, and the page above it."""

    place: Place
    here: str
    above: str

    def issue(self) -> str:
        """Return the slip, signed: nobody can keep anything where no page has offered it to them."""
        place = self.place
        return signing.dumps([place.user_id, place.form, place.subject, self.here, self.above], salt=_SALT)

    @classmethod
    def read(cls, token: str) -> "Slip":
        """Return what was issued; raises signing.BadSignature for anything else, and once a draft would be gone."""
        user_id, form, subject, here, above = signing.loads(token, salt=_SALT, max_age=KEPT_FOR)
        return cls(Place(user_id, form, subject), here, above)
