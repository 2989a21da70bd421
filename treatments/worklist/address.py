"""What the worklist's address asks for: tab, site and page. Whatever it does not understand means the first of each."""

import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from treatments.worklist.queries import Cursor
from treatments.worklist.tabs import FIRST, Tab

_NO_DAY = "none"


@dataclass(frozen=True, slots=True)
class Address:
    """One view of the list. `site_id` None means every site where the person works."""

    tab: Tab = FIRST
    site_id: uuid.UUID | None = None
    cursor: Cursor | None = None

    def query(self) -> str:
        """Return the part of the address after its path, empty for the plain front page."""
        asked = {} if self.tab is FIRST else {"tab": self.tab.value}
        if self.site_id is not None:
            asked["site"] = str(self.site_id)
        if self.cursor is not None:
            asked["before" if self.cursor.backward else "after"] = _written(self.cursor)
        return f"?{urlencode(asked)}" if asked else ""

    def at_tab(self, tab: Tab) -> "Address":
        """Return the first page of another tab, at the same sites."""
        return replace(self, tab=tab, cursor=None)

    def at_page(self, cursor: Cursor | None) -> "Address":
        """Return another page of the same tab."""
        return replace(self, cursor=cursor)


def read(params: Mapping[str, str], site_ids: Collection[uuid.UUID]) -> Address:
    """Read an address; a site that the person does not work at is no filter."""
    tab, site_id = FIRST, None
    with suppress(ValueError):
        tab = Tab(params.get("tab", FIRST))
    with suppress(ValueError):
        site_id = uuid.UUID(params.get("site", ""))
    return Address(tab, site_id if site_id in site_ids else None, _cursor(params))


def _cursor(params: Mapping[str, str]) -> Cursor | None:
    name = "after" if "after" in params else "before"
    day, _, dose_id = params.get(name, "").partition(".")
    try:
        on = None if day == _NO_DAY else date.fromisoformat(day)
        return Cursor(on, uuid.UUID(dose_id), backward=name == "before")
    except ValueError:
        return None


def _written(cursor: Cursor) -> str:
    return f"{_NO_DAY if cursor.day is None else cursor.day.isoformat()}.{cursor.dose_id.hex}"
