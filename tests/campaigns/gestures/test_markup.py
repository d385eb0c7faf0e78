"""Jinja tags survive an HTML parser and the CSS inliner, each in its own place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.gestures.faults import TextFault
from campaigns.gestures.markup import check_markup, hide_tags, inline, pieces
from campaigns.gestures.sandbox import HTML, build, run

STYLE = "<style>p, td { color: red } @media (max-width: 600px) { td { color: blue } } a:hover { color: green }</style>"

_values = st.sampled_from(["{{ a }}", '{{ a|default("<b>") }}', "{{ a ~ '}' }}", "{{- a -}}", "{# note #}"])
_words = st.sampled_from(["Thé", "a &lt; b", "&nbsp;", "1 > 0", "", " ", "\n", "maj", "l'été"])
_text = st.lists(st.one_of(_values, _words), max_size=4).map("".join)


def _wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        inner.map(lambda body: f"<p>{body}</p>"),
        inner.map(lambda body: f'<div title="{{{{ a }}}}x{{% if a %}}y{{% endif %}}">{body}</div>'),
        inner.map(lambda body: f"{{% if a %}}{body}{{% else %}}<i>-</i>{{% endif %}}"),
        inner.map(lambda body: f"<table>{{% for l in lines %}}<tr><td>{body}</td></tr>{{% endfor %}}</table>"),
        inner.map(lambda body: f"<ul>{{% for l in lines %}}<li>{body}</li>{{% endfor %}}</ul>"),
        inner.map(lambda body: f"<!-- {{{{ a }}}} -->{body}"),
        inner.map(lambda body: f"<a href='https://shop.test/{{{{ a }}}}'>x</a>{body}"),
    )


_documents = st.recursive(_text, _wrapped, max_leaves=6)


def _tags(source: str) -> list[str]:
    # A tag that eats the space behind it counts as longer by it; a comment that stood between is gone.
    return [text.strip() for is_tag, text in pieces(source) if is_tag]


@given(_documents)
def test_inlining_keeps_every_tag_in_order(document: str) -> None:
    assert _tags(inline(hide_tags(STYLE + document))) == _tags(STYLE + document)


@given(_documents)
def test_inlined_document_still_renders_the_same_words(document: str) -> None:
    facts = {"a": "A", "lines": [1, 2]}
    plain = run(build(document, HTML, internal=True), facts)
    inlined = run(build(inline(hide_tags(STYLE + document)), HTML, internal=True), facts)
    assert _seen(inlined.partition("</style>")[2]) == _seen(plain)


def _seen(html: str) -> str:
    words = re.sub(r"<!--.*?-->|<[a-z/][^<>]*>", " ", html).replace("&gt;", ">").replace("&nbsp;", " ")
    return "".join(words.replace("\N{NO-BREAK SPACE}", " ").split())


def test_loop_over_rows_stays_inside_the_table_with_its_styles() -> None:
    source = "<table>\n{% for l in lines %}<tr><td>{{ l }}</td></tr>{% endfor %}</table>"
    inlined = inline(hide_tags(STYLE + source))
    assert inlined.partition("<body>")[2] == (
        '<table><tbody>\n{% for l in lines %}<tr><td style="color: red;">{{ l }}</td></tr>{% endfor %}'
        "</tbody></table></body></html>"
    )
    assert "@media (max-width: 600px) { td { color: blue } }" in inlined


@pytest.mark.parametrize(
    "source",
    [
        "<a href={{ a }}>x</a>",
        '<p {% if a %}class="b"{% endif %}>x</p>',
        "<style>p { color: {{ a }} }</style>",
        "&#123;{ a }}",
        "&lbrace;&lbrace; a }}",
        "&#x7b;% if a %}",
        "maj0j",
        "<p>majority maj12j</p>",
        "{% raw %}{{ a }}{% endraw %}",
    ],
)
def test_tag_where_no_value_can_stand_is_refused(source: str) -> None:
    with pytest.raises(TextFault):
        inline(hide_tags(source))


ADDRESSES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java&#115;cript:alert(1)",
    "java\tscript:alert(1)",
    "&#1;javascript:alert(1)",
    "vbscript:x",
    "data:text/html,<script>",
    "file:///etc/passwd",
    "//evil.test",
    "/relative",
    "http:/evil.test",
    "https:\\\\evil.test",
    "ftp://evil.test",
    "{{ customer.first_name }}",
    "{{ a }}https://shop.test",
    "java{{ a }}script:x",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("place", ['<a href="{}">x</a>', '<img src="{}">', '<table background="{}">', "<a href='{}'>"])
def test_address_that_is_no_web_address_is_refused(place: str, address: str) -> None:
    with pytest.raises(TextFault):
        check_markup(hide_tags(place.format(address)))


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.test",
        "HTTP://shop.test/a?b=1&amp;c=2",
        "mailto:a@shop.test",
        "tel:+33123",
        "#top",
        "https://shop.test/{{ customer.points }}",
        "{{ unsubscribe_url }}",
        "{{shop.website}}",
    ],
)
def test_good_address_passes(address: str) -> None:
    check_markup(hide_tags(f'<a href="{address}">x</a>'))


@pytest.mark.parametrize(
    "source",
    [
        "<script>x</script>",
        "<SCRIPT SRC=x>",
        "<iframe>",
        "<object>",
        "<svg onload=x>",
        "<form>",
        "<base href='https://a.b'>",
        "<img onerror='x'>",
        "<p ONCLICK=x>",
        "<link rel=stylesheet>",
        '<meta http-equiv="refresh" content="0">',
        "<div>" * 101,
        "<b>" * 101,
        "<table><tr><td>" * 101,
        "<div></b>" * 101,
    ],
)
def test_element_without_place_in_an_email_is_refused(source: str) -> None:
    with pytest.raises(TextFault):
        check_markup(hide_tags(source))


def test_many_flat_elements_are_fine() -> None:
    check_markup(hide_tags("<p>x<br>" * 500 + "<ul>" + "<li>x" * 500 + "</ul>"))
