"""The strict template sandbox: templates see plain dicts, lists, text and numbers, and can never run for long.

Jinja's own sandbox stops the known escapes but not the bombs, so four walls stand here: the allow-list over the tree
(allowed.py), look-ups that never reach a Python attribute, filters that cannot grow a text, and a budget of loop steps
and output a render. The first trial of a new text also runs in a child process (trial.py).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError, nodes, pass_context
from jinja2.environment import Template
from jinja2.exceptions import TemplateError
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as JINJA_TESTS
from markupsafe import escape

from campaigns.gestures.allowed import FILTERS, LOOP_FACTS, MAX_SOURCE, TESTS, check_tree
from campaigns.gestures.faults import FactMissing, RenderError, TextFault, gettext_noop

MAX_STEPS: Final = 1_000
MAX_VALUE: Final = 10_000
MAX_OUTPUT: Final = 300_000
_BUDGET: Final = "_budget"


class UnknownFact(StrictUndefined):
    """A fact this customer lacks: an error wherever it would be printed, merely false in a condition and like nothing
    else.

    `{% if customer.tier == "Gold" %}` is what everybody writes; misspelt names are found when the text is checked.
    """

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return isinstance(other, Undefined)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not isinstance(other, Undefined)

    def __hash__(self) -> int:  # type: ignore[override]
        return id(type(self))


class _Limit(TemplateError):
    """A render came to one of its bounds."""


class GestureEnvironment(ImmutableSandboxedEnvironment):
    """Jinja without a loader, globals, calls or Python attributes."""

    intercepted_binops = frozenset({"+", "-"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a fact of a plain dict or of `loop`; anything else has no attributes."""
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, LoopContext) and attribute in LOOP_FACTS:
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return a fact by its quoted name, or an element of a list by its number."""
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, list | tuple):
            try:
                return obj[argument]
            except (IndexError, TypeError):
                return self.undefined(obj=obj, name=str(argument))
        return obj if isinstance(obj, Undefined) else self.undefined(obj=obj, name=str(argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add and subtract numbers; `~` joins texts."""
        for value in (left, right):
            if not isinstance(value, int | float | Undefined):
                raise _Limit(gettext_noop("only numbers can be added; join texts with ~"))
        return super().call_binop(context, operator, left, right)


def _bounded(text: Any) -> Any:
    if isinstance(text, str) and len(text) > MAX_VALUE:
        raise _Limit(gettext_noop("a value becomes too long"))
    return text


@pass_context
def _each(context: Context, values: Any) -> Iterator[Any]:
    """Yield the elements of a list, paying one step each from the render's budget."""
    if isinstance(values, Undefined):
        iter(values)  # raises UndefinedError, which names what is missing
    if not isinstance(values, list | tuple):
        raise _Limit(gettext_noop("a loop can only go through a list, such as order.lines"))
    budget = context.parent[_BUDGET]
    for value in values:
        budget[0] -= 1
        if budget[0] < 0:
            raise _Limit(gettext_noop("the loops take too many steps"))
        yield value


def _join(values: Any, separator: str = "") -> str:
    if not isinstance(values, list | tuple):
        raise _Limit(gettext_noop("only a list can be joined"))
    texts = [str(_bounded(value)) for value in values[:MAX_STEPS]]
    _bounded_length(sum(map(len, texts)) + len(separator) * len(texts))
    return str(separator.join(texts))


def _replace(value: Any, old: str, new: str) -> str:
    text = str(value)
    if not old:
        raise _Limit(gettext_noop("“replace” needs something to look for"))
    _bounded_length(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _bounded_length(length: int) -> None:
    if length > MAX_VALUE:
        raise _Limit(gettext_noop("a value becomes too long"))


def _round(value: Any, digits: int = 0) -> float:
    return round(float(value), max(0, min(int(digits), 6)))


def _integer(value: Any) -> int:
    """Return a whole number; 0 where the value is none, as Jinja does."""
    try:
        return int(float(str(_bounded(value))))
    except (ValueError, OverflowError):
        return 0


def _truncate(value: Any, length: int = 80, end: str = "…") -> str:
    text = str(value)
    return text if len(text) <= length else text[: max(0, length - len(end))].rsplit(" ", 1)[0] + end[:20]


def _text_filter(change: Callable[[str], str]) -> Callable[[Any], str]:
    def apply(value: Any) -> str:
        return change(str(_bounded(value)))

    return apply


_OWN_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "capitalize": _text_filter(str.capitalize),
    "e": escape,
    "escape": escape,
    "int": _integer,
    "join": _join,
    "lower": _text_filter(str.lower),
    "replace": _replace,
    "round": _round,
    "title": _text_filter(str.title),
    "trim": _text_filter(str.strip),
    "truncate": _truncate,
    "upper": _text_filter(str.upper),
}


def _printable(value: Any) -> Any:
    """Refuse what a customer must never read: the inside of a list or dict, or “None”."""
    if isinstance(value, _UNPRINTABLE):
        raise _Limit(gettext_noop("this is not a text; go through a list with {%% for … %%}"))
    return value


_UNPRINTABLE: Final = (type(None), list, dict, tuple)


def _environment(*, autoescape: bool) -> GestureEnvironment:
    environment = GestureEnvironment(
        autoescape=autoescape, undefined=UnknownFact, loader=None, cache_size=0, finalize=_printable
    )
    environment.globals.clear()
    environment.filters = {name: _OWN_FILTERS.get(name, JINJA_FILTERS[name]) for name in FILTERS} | {"_each": _each}
    environment.tests = {name: JINJA_TESTS[name] for name in TESTS | {"in", "eq"} if name in JINJA_TESTS}
    return environment


HTML: Final = _environment(autoescape=True)
TEXT: Final = _environment(autoescape=False)


def parse(source: str, *, internal: bool = False) -> nodes.Template:
    """Return the parsed tree of `source`, every node of it allowed; raises TextFault with the line otherwise.

    `internal` sources were checked already and may use the names that compile.py adds (`_link_7`).
    """
    if len(source) > MAX_SOURCE and not internal:
        raise TextFault(gettext_noop("the text is longer than %(limit)s characters"), limit=MAX_SOURCE)
    try:
        tree = HTML.parse(source)
    except TemplateSyntaxError as error:
        raise not_understood(error) from None
    except (RecursionError, MemoryError, ValueError):
        raise TextFault(gettext_noop("the text is too complicated; make it simpler")) from None
    if not internal:
        check_tree(tree)
    return tree


def not_understood(error: TemplateSyntaxError) -> TextFault:
    """Return what Jinja found as a fault of the text."""
    return TextFault(gettext_noop("the tag is not understood: %(why)s"), line=error.lineno, why=error.message)


def build(source: str, environment: GestureEnvironment, *, internal: bool = False) -> Template:
    """Return `source` as a template ready for `run`; raises TextFault as `parse` does."""
    tree = parse(source, internal=internal)
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, "_each", [], [], None, None, lineno=loop.lineno)
    try:
        template = environment.from_string(tree)
    except TemplateSyntaxError as error:
        raise not_understood(error) from None
    except (RecursionError, MemoryError, SyntaxError, ValueError):
        raise TextFault(gettext_noop("the text is too complicated; make it simpler")) from None
    # There are none, and an empty chain of mappings would be walked through at each render.
    template.globals = {}
    return template


def run(template: Template, facts: dict[str, Any]) -> str:
    """Return `template` with `facts` (plain dicts, lists, text, numbers) put in; raises RenderError, with the line,
    for a missing fact or a bound that was reached."""
    # Shared, as there are no globals to mix with the facts.
    context = template.new_context({**facts, _BUDGET: [MAX_STEPS]}, shared=True)
    try:
        return _collect(template.root_render_func(context))
    except UndefinedError as error:
        raise _missing(error, template) from None
    except _Limit as error:
        raise RenderError(str(error.message), line=_line(error, template)) from None
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise RenderError(gettext_noop("a value does not fit its use here"), line=_line(error, template)) from None


def _collect(pieces: Iterable[str]) -> str:
    collected, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_OUTPUT:
            raise _Limit(gettext_noop("the message becomes too long"))
        collected.append(piece)
    return "".join(collected)


def _missing(error: UndefinedError, template: Template) -> FactMissing:
    name = (error.message or "").removesuffix(" is undefined").rpartition("attribute ")[2].strip("'\"")
    return FactMissing(
        gettext_noop('“%(name)s” is missing for this customer; write {{ …|default("…") }} or {%% if … %%}'),
        line=_line(error, template),
        name=name,
    )


def _line(error: Exception, template: Template) -> int | None:
    """Return the line of the template's source at which `error` was raised."""
    line, frame = None, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_globals.get("environment") is template.environment or (
            frame.tb_frame.f_code.co_filename == "<template>"
        ):
            line = template.get_corresponding_lineno(frame.tb_lineno)
        frame = frame.tb_next
    return line
