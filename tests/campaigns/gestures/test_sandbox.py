"""Known escapes and bombs: each is refused in time, and the process that asked lives on."""

import contextlib
import os
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.gestures.faults import FactMissing, RenderError, TextFault
from campaigns.gestures.sandbox import HTML, TEXT, GestureEnvironment, build, parse, run
from campaigns.gestures.trial import try_text

FACTS: dict[str, Any] = {
    "customer": {"first_name": "<Claire>", "points": 3, "attributes": {}},
    "order": {"lines": [{"name": "Thé & co", "quantity": 2}] * 3},
}
FULL = FACTS | {"order": {"lines": FACTS["order"]["lines"][:1] * 100}}

ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ customer.__class__ }}",
    "{{ customer['__init__']['__globals__'] }}",
    "{{ self }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__ }}",
    "{{ namespace.__init__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ request.application }}",
    "{{ config.items() }}",
    "{{ get_flashed_messages() }}",
    "{{ customer.first_name.format(1) }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '%s'|format(1) }}",
    "{{ customer|attr('__class__') }}",
    "{{ customer|attr('_' ~ '_class__') }}",
    "{{ customer.items() }}",
    "{{ customer.pop('first_name') }}",
    "{{ customer.first_name.upper() }}",
    "{{ [].append(1) }}",
    "{{ customer|map(attribute='__class__')|list }}",
    "{{ customer|selectattr('__class__') }}",
    "{{ order.lines|sort(attribute='__class__') }}",
    "{{ order.lines|groupby('__class__') }}",
    "{{ customer|tojson }}",
    "{{ '<script>'|safe }}",
    "{{ customer|xmlattr }}",
    "{{ customer|pprint }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import path %}",
    "{% extends 'base.html' %}",
    "{% block x %}{% endblock %}",
    "{% macro m() %}{% endmacro %}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% set x = 1 %}",
    "{% with x = 1 %}{% endwith %}",
    "{% autoescape false %}{{ customer.first_name }}{% endautoescape %}",
    "{% for x in order.lines recursive %}{{ loop(x) }}{% endfor %}",
    "{{ loop.__init__ }}",
    "{% for x in order.lines %}{{ loop.cycle('a') }}{% endfor %}",
    "{{ {'a': 1} }}",
    "{{ customer[customer.first_name] }}",
    "{{ _budget }}",
    "{{ _link_1 }}",
    "{% for _budget in order.lines %}{% endfor %}",
    "{{ customer.first_name[0:5] }}",
]

LONG = "x" * 9_000
BOMBS = [
    "{% for a in range(999999999) %}{% endfor %}",
    "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
    "{{ range(999999999)|list }}",
    "{{ range(999999999)|sum }}",
    "{{ lipsum(n=99999) }}",
    "{{ 'x' * 9999999999 }}",
    "{{ ['x'] * 9999999999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 9999999999 ** 99999999 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ 'x'|center(9999999999) }}",
    "{{ 'x'|indent(9999999999) }}",
    "{{ 'x\\nx'|indent(999999999, true) }}",
    "{{ 'x'|ljust(9999999999) }}",
    "{{ '{:>9999999999}'.format(1) }}",
    "{{ order.lines|slice(999999999)|list }}",
    "{{ order.lines|batch(999999999, 'x')|list }}",
    "{{ 1.5|round(999999999, 'ceil') }}",
    "{{ 'a'|replace('a', 'a" + "a" * 100 + "')" + "|replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')" * 12 + " }}",
    "{{ 'x'|replace('', 'xxxxxxxxxxxx') }}",
    "{{ ['" + LONG + "', '" + LONG + "']|join('" + LONG + "') }}",
    "{{ ['a', 'b']|join(['a', 'b']|join(['a', 'b']|join('" + LONG + "'))) }}",
    "{{ '" + LONG + "'|wordwrap(1) }}",
    "{{ '" + LONG + "'|urlize }}",
    "{% set a = 'x' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "{% for a in '" + LONG + "' %}{% for b in '" + LONG + "' %}x{% endfor %}{% endfor %}",
    "{% for a in [" + "1," * 2_000 + "] %}" + "x" * 5_000 + "{% endfor %}",
    "{% for a in order.lines %}" * 3 + "x" + "{% endfor %}" * 3,
    "{% for a in order.lines %}{% for b in order.lines %}" + "x" * 1_000 + "{% endfor %}{% endfor %}",
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "{{ " + "not " * 5_000 + "1 }}",
    "{{ " + "-" * 5_000 + "1 }}",
    "{{ " + "1 + " * 9_000 + "1 }}",
    "{{ " + "[" * 3_000 + "]" * 3_000 + " }}",
    "{{ customer" + ".a" * 9_000 + " }}",
    "{{ 'x'" + "|upper" * 5_000 + " }}",
    "{% if 1 %}" * 3_000 + "{% endif %}" * 3_000,
    "{% if 1 %}" + "{% elif 1 %}" * 4_000 + "{% endif %}",
    "{{ 1 }}" * 8_000,
    "{{ 1 if 1 else " * 2_000 + "1" + " }}" * 2_000,
    "<div>" * 11_000,
    "<b><i>" * 8_000,
    "<table><tr><td>" * 3_000,
    "{" * 59_000,
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "x" * 70_000,
]


# These look like bombs and burn quietly: what they print.
DEFUSED = [("{{ 1.5|round(999999999) }}", "1.5"), ("{{ '" + "9" * 9_000 + "'|int }}", "0")]


@pytest.mark.parametrize("source", ESCAPES)
@pytest.mark.parametrize("environment", [HTML, TEXT], ids=["html", "text"])
def test_escape_is_refused(source: str, environment: GestureEnvironment) -> None:
    with pytest.raises(TextFault):
        run(build(source, environment), FACTS)


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_bomb_is_refused_in_time_in_the_child(bomb: str) -> None:
    begun = time.monotonic()
    with contextlib.suppress(TextFault):
        assert [part for part, _fault in try_text({"body": bomb}, [FULL], html=True)] == ["body"]
    assert time.monotonic() - begun < 2 * (1 + os.getloadavg()[0] / (os.cpu_count() or 1))


# The last line of defence is taken away: what the sandbox alone does with a bomb that reached a worker.
@pytest.mark.parametrize("bomb", [bomb for bomb in BOMBS if not bomb.startswith("<")], ids=lambda bomb: bomb[:30])
def test_bomb_is_refused_by_the_sandbox_alone(bomb: str) -> None:
    begun = time.process_time()
    with pytest.raises(TextFault):
        run(build(bomb, HTML), FULL)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(("source", "written"), DEFUSED, ids=["round", "int"])
def test_defused_bomb_prints_something_short(source: str, written: str) -> None:
    assert run(build(source, TEXT), FACTS) == written


@settings(max_examples=500)
@given(st.text(alphabet="{}%|()[].,'\"~+-*<> \nabcfinord_loe", max_size=200))
def test_any_text_renders_or_says_why(source: str) -> None:
    try:
        assert isinstance(run(build(source, HTML), FACTS), str)
    except TextFault as fault:
        said = str(fault)
        assert said


def test_values_are_escaped_in_html_only() -> None:
    source = "{{ customer.first_name }}{% for line in order.lines %} {{ loop.index }} {{ line.name }}{% endfor %}"
    assert run(build(source, HTML), FACTS) == "&lt;Claire&gt; 1 Thé &amp; co 2 Thé &amp; co 3 Thé &amp; co"
    assert run(build(source, TEXT), FACTS) == "<Claire> 1 Thé & co 2 Thé & co 3 Thé & co"


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("{{ customer.tier|default('none') }}", "none"),
        ("{{ parcel.number|default('soon') }}", "soon"),
        ("{% if customer.tier %}gold{% else %}-{% endif %}", "-"),
        ("{% if customer.tier is defined and customer.tier == 'gold' %}gold{% endif %}", ""),
        ("{% if customer.tier == 'gold' %}gold{% endif %}", ""),
        ("{% if customer.tier != 'gold' %}other{% endif %}", "other"),
        ("{% if customer.tier in ['gold', 'silver'] %}noble{% endif %}", ""),
        ("{{ 'many' if customer.points > 2 else 'few' }}", "many"),
        ("{{ customer.points + 4 - 1 }}", "6"),
        ("{{ customer.first_name|upper|truncate(5) }}", "<CLA…"),
        ("{{ order.lines[0].name|replace('Thé', 'Tea') }}", "Tea & co"),
        ("{{ order.lines|length }}", "3"),
        ("{{ ['a', 'b']|join(', ') }}", "a, b"),
    ],
)
def test_allowed_words_do_what_they_say(source: str, written: str) -> None:
    assert run(build(source, TEXT), FACTS) == written


@pytest.mark.parametrize(
    "source",
    [
        "\n\n{{ customer.tier }}",
        "\n\n{{ customer.tier|upper }}",
        "\n\n{{ customer.tier ~ '!' }}",
        "\n\n{{ parcel.number }}",
        "\n\n{% if customer.visits > 3 %}{% endif %}",
        "\n\n{% for x in order.gifts %}{% endfor %}",
    ],
)
def test_missing_fact_is_an_error_with_its_line_never_a_blank(source: str) -> None:
    with pytest.raises(FactMissing) as caught:
        run(build(source, TEXT), FACTS)
    assert caught.value.line == 3


@pytest.mark.parametrize("source", ["{{ none }}", "{{ customer }}", "{{ order.lines }}"])
def test_what_no_customer_should_read_is_refused(source: str) -> None:
    with pytest.raises(RenderError):
        run(build(source, TEXT), FACTS)


def test_fault_names_its_line_and_what_was_written() -> None:
    with pytest.raises(TextFault) as caught:
        parse("a\nb {% set x = 1 %}")
    assert str(caught.value) == "line 2: “{% set %}” cannot be used in a text"
