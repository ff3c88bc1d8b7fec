import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_pipeline.data.exports.html import body_to_text, html_to_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo"),
        ("One<br>Two<br/><br>Three", "One\nTwo\n\nThree"),
        ("<p>a   b\n c</p>", "a b c"),
        ("<p>x</p><p>&nbsp;</p><p>y</p>", "x\n\ny"),
        ("<p>1 &lt; 2 &amp; 3</p>", "1 < 2 & 3"),
        ("<blockquote><p>old</p><p>words</p></blockquote>new", "> old\n>\n> words\n\nnew"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b"),
        ("see <a href='https://x.example'>the page</a>", "see the page"),
        ("<a href='https://x.example'></a>", "https://x.example"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<style>p {color: red}</style><script>x()</script><p>kept</p><!-- no -->", "kept"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a  b\n  c</pre>", "a  b\n  c"),
        ("no tags &amp; all", "no tags & all"),
        ("<b>bold</b>word", "boldword"),
        ("", ""),
    ],
)
def test_text_keeps_what_a_person_sees(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


def test_an_address_in_a_plain_body_is_no_tag() -> None:
    assert (
        body_to_text("On Monday Shop <shop@shop.example> wrote: 1 < 2")
        == "On Monday Shop <shop@shop.example> wrote: 1 < 2"
    )
    assert body_to_text("<p>Hi &lt;shop@shop.example&gt;</p>") == "Hi <shop@shop.example>"
    assert body_to_text(None) == ""


def test_thousands_of_nested_tags_are_survived() -> None:
    assert html_to_text("<div>" * 20_000 + "deep" + "</div>" * 20_000) == "deep"


@given(st.text(alphabet="ab<>/p&;#x \n\"'=!-bcolgrut", max_size=200))
def test_no_markup_breaks_it(markup: str) -> None:
    assert isinstance(html_to_text(markup), str)
    assert isinstance(body_to_text(markup), str)
