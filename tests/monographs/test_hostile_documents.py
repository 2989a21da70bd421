"""What somebody might hide in a document, all the way from the import to the page."""

import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from clinic.staff.roles import Role
from tests.monographs.builders import document, in_force, regimen_yaml
from tests.monographs.pages import opened

pytestmark = pytest.mark.django_db

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](//evil.example/a)",
    "![x](https://evil.example/pixel.png)",
    '[x](https://evil.example "onmouseover=alert(1)")',
    "<https://evil.example/><svg onload=alert(1)>",
    "<iframe src=https://evil.example></iframe>",
    "<style>body{display:none}</style>",
    "<form action=https://evil.example><input name=password></form>",
    "<!-- --><b onclick=alert(1)>bold</b>",
    "`<script>alert(1)</script>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ request.user.password }}{% load static %}",
    "</p></div></main><script>alert(1)</script>",
    "x\u202eevil\u202c",
]
ALLOWED = {"a", "br", "code", "em", "li", "ol", "p", "pre", "strong", "ul"}
HANDLER = re.compile(r"^on[a-z]+$")


def hostile(attack: str) -> str:
    """Return a document that holds the attack wherever the format has room for text."""
    quoted = attack.replace("'", "''")
    body = f"""
# Examplin {attack}

### Usage
Text {attack} text.

{attack}

### Heading {attack}
Prose.

### Side Effects
Before {attack}

**Common (>10%):**

* Effect one {attack}
* Effect two (explained {attack})

After {attack}

### Precautions
* **Risk {attack.replace("*", "")}:** Text {attack}
* Bare {attack}

### FAQs
* **Q: Question {attack}?**
    * **A:** Answer {attack}

**Disclaimer:** Take care {attack}
"""
    front = f"sources:\n  - '{quoted}'\nreviewed_on: 2026-01-31\nreviewed_by: '{quoted}'\ngeneric_name: '{quoted}'\n"
    regimen = regimen_yaml().replace("source: Example label", f"source: '{quoted}'")
    regimen = regimen.replace("name: Regimen examplin-12mg", f"name: '{quoted}'")
    return document(regimen, front=front, body=body)


@pytest.fixture
def client(signed_in: Callable[..., Client]) -> Client:
    return signed_in(Role.VIEWER)


def assert_harmless(page: BeautifulSoup) -> None:
    """Check that a page runs, fetches and sends nothing that came from the document."""
    main = page.select_one("main")
    assert main is not None
    assert main.select("script, style, img, svg, iframe, object, embed, link, meta, base, input[name=password]") == []
    for element in page.select("*"):
        assert [name for name in element.attrs if HANDLER.match(name) or name == "style"] == []
    for address in [str(link["href"]) for link in page.select("[href]")] + [
        str(e["src"]) for e in page.select("[src]")
    ]:
        assert address.startswith(("/", "#", "?", "https://evil.example")), address
    assert [str(link["href"]) for link in page.select("[href^='https:']") if link.name != "a"] == []
    for prose in page.select(".prose, .notice div"):
        assert {element.name for element in prose.select("*")} <= ALLOWED | {"span"}
    for form in page.select("form[action]"):
        assert str(form["action"]).startswith("/")


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_document_makes_harmless_pages(client: Client, attack: str) -> None:
    in_force(hostile(attack))
    page = opened(client, "/monographs/examplin/")
    assert_harmless(page)
    assert "Question" in page.get_text()
    listed = opened(client, "/monographs/")
    assert_harmless(listed)
    assert listed.select(".monograph-list > li")
    for word in ("text", "effect", "question", "explained"):
        found = opened(client, "/monographs/search/", q=word)
        assert_harmless(found)
        assert found.select(".hits > li")


def test_raw_html_is_shown_as_the_text_that_it_is(client: Client) -> None:
    in_force(hostile("<script>alert(1)</script>"))
    assert "Text <script>alert(1)</script> text." in opened(client, "/monographs/examplin/").get_text()


def test_a_link_to_elsewhere_hands_nothing_over(client: Client) -> None:
    in_force(document(note="See [the label](https://label.example/a)."))
    (link,) = opened(client, "/monographs/examplin/").select("a[href^='https:']")
    assert set(link["rel"]) == {"noopener", "noreferrer", "nofollow"}


def test_the_policy_of_the_page_forbids_scripts_of_its_own(client: Client) -> None:
    in_force(document())
    policy = client.get("/monographs/examplin/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
