import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from monographs.rules.rendering import LONGEST_TEXT, to_html
from tests.monographs.rules.documents import bounded_time

ALLOWED = {
    *("p", "br", "hr", "strong", "em", "code", "pre", "blockquote", "a", "h3", "h4", "h5", "h6"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data=evil.swf></object><embed src=evil.swf>",
    "<body onload=alert(1)>",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><input name=password></form>",
    "<details open ontoggle=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<b onclick=alert(1)>x</b>",
    "<!-- <script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php system('x') ?>",
    "<x y=`<script>alert(1)</script>`>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/admin/logout)",
    "[x](#anchor)",
    "[x](<javascript:alert(1)>)",
    '[x](https://safe.example "x\\" onmouseover=\\"alert(1)")',
    "[x](https://safe.example/\"onmouseover='alert(1)')",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "![x](https://evil.example/pixel.gif)",
    "![x](javascript:alert(1))",
    "![x][y]\n\n[y]: https://evil.example/pixel.gif",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "* <script>alert(1)</script>",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "# <script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "**<script>**alert(1)**</script>**",
    "\\<script\\>alert(1)\\</script\\>",
    "\u003cscript\u003ealert(1)\u003c/script\u003e",
    '```"><script>alert(1)</script>\n```',
    "<\x00script>alert(1)</script>",
    "</p></div></main><script>alert(1)</script>",
]


def assert_safe(page: str) -> None:
    """Nothing but the allowed elements and attributes is there, and every link leads where it says."""
    for element in BeautifulSoup(page, "html.parser").find_all(True):
        assert element.name in ALLOWED, page
        assert set(element.attrs) <= {"a": {"href", "title", "rel"}, "ol": {"start"}}.get(element.name, set()), page
        if "href" in element.attrs:
            assert re.match(r"(https?://|mailto:)", str(element["href"])), page


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_reaches_a_page(payload: str) -> None:
    page = to_html(f"Before.\n\n{payload}\n\nAfter.")

    assert_safe(page)
    assert "Before." in page
    assert "After." in page


PIECES = st.sampled_from(
    [*"<>/\"'=&;:#![]()`*_-|\\ \n\tasxh1", "script", "https://", "javascript:", "onload=", "](", "* "]
)


@given(markdown=st.lists(PIECES, max_size=60).map("".join))
def test_no_text_makes_an_unsafe_page(markdown: str) -> None:
    assert_safe(to_html(markdown))


@pytest.mark.parametrize(
    ("markdown", "page"),
    [
        ("Prose *soft* **strong** `code`.", "<p>Prose <em>soft</em> <strong>strong</strong> <code>code</code>.</p>"),
        ("* one\n* two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("3. one", '<ol start="3">\n<li>one</li>\n</ol>'),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        ("one  \ntwo", "<p>one<br>\ntwo</p>"),
        ("0.2 g/L & more", "<p>0.2 g/L &amp; more</p>"),
        ("", ""),
    ],
)
def test_prose_is_rendered(markdown: str, page: str) -> None:
    assert to_html(markdown).strip() == page


def test_tables_are_rendered() -> None:
    table = BeautifulSoup(to_html("| a | b |\n|:--|--:|\n| c | d |"), "html.parser")

    assert [cell.text for cell in table.select("thead th")] == ["a", "b"]
    assert [cell.text for cell in table.select("tbody td")] == ["c", "d"]


@pytest.mark.parametrize(
    "address", ["https://label.example/a?b=1", "http://label.example", "HTTPS://label.example", "mailto:a@b.example"]
)
def test_a_link_to_a_web_or_mail_address_gives_nothing_away(address: str) -> None:
    link = BeautifulSoup(to_html(f'[label]({address} "The label")'), "html.parser").a

    assert link is not None
    assert str(link["href"]).lower() == address.lower()
    assert link["title"] == "The label"
    assert link["rel"] == ["noopener", "noreferrer", "nofollow"]


@pytest.mark.parametrize(
    "address", ["/page", "//label.example", "#here", "page.html", "ftp://label.example", "tel:112"]
)
def test_any_other_link_stays_visible_as_text(address: str) -> None:
    assert to_html(f"[label]({address})") == f"<p>[label]({address})</p>\n"


def test_markup_stays_visible_as_text() -> None:
    assert to_html("a <b>c</b>") == "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n"


@pytest.mark.parametrize(
    ("levels", "expected"),
    [([1], ["h3"]), ([2, 3], ["h3", "h4"]), ([5, 4, 6], ["h4", "h3", "h5"]), ([1, 6], ["h3", "h6"])],
)
def test_headings_begin_below_those_of_the_page(levels: list[int], expected: list[str]) -> None:
    page = to_html("\n\n".join(f"{'#' * level} Heading" for level in levels))

    assert [heading.name for heading in BeautifulSoup(page, "html.parser").find_all(True)] == expected


def test_a_text_as_long_as_the_limit_is_rendered() -> None:
    assert to_html("*soft*".ljust(LONGEST_TEXT, "x")).startswith("<p><em>soft</em>")


def test_a_longer_text_is_shown_as_plain_words() -> None:
    page = to_html("*soft* <b>".ljust(LONGEST_TEXT + 1, "x"))

    assert page.startswith("<p>*soft* &lt;b&gt;xxx")
    assert_safe(page)


HOSTILE_UNITS = [
    "[",
    "![",
    "](",
    "[a](",
    "[[](",
    "*",
    "*a ",
    "**a",
    "_",
    "`",
    "`a ``b ",
    "<",
    "<a ",
    "&#",
    "\\",
    "|",
    "#",
]
HOSTILE_LINES = ["> ", "- ", "* a\n", "> a\n", "|a|b|\n|-|-|\n", "[a]: b\n", "```\n", "1. a\n", "[\n", "**a:**\n"]


@pytest.mark.parametrize("unit", [*HOSTILE_UNITS, *HOSTILE_LINES])
def test_hostile_texts_cost_little_time(unit: str) -> None:
    with bounded_time():
        page = to_html((unit * LONGEST_TEXT)[:LONGEST_TEXT])

    assert "<script" not in page
