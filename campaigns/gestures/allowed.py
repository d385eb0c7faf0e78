"""What a template may contain: an allow-list over the parsed tree. Whatever is not named here is refused."""

from collections.abc import Iterator
from typing import Final

from jinja2 import nodes

from campaigns.gestures.faults import TextFault, gettext_noop

MAX_SOURCE: Final = 60_000
MAX_NODES: Final = 3_000
MAX_DEPTH: Final = 40
MAX_LOOP_DEPTH: Final = 2
MAX_LOOP_NODES: Final = 300
MAX_NUMBER: Final = 10**12

FILTERS: Final = frozenset(
    {"capitalize", "count", "d", "default", "e", "escape", "first", "int", "join", "last", "length", "lower"}
    | {"replace", "round", "title", "trim", "truncate", "upper"}
)
TESTS: Final = frozenset({"defined", "undefined", "none", "even", "odd"})
LOOP_FACTS: Final = frozenset({"index", "index0", "revindex", "first", "last", "length"})

_JINJAS_OWN: Final = frozenset({"self", "caller", "varargs", "kwargs"})

_NODES: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Concat,
    nodes.Add,
    nodes.Sub,
    nodes.Neg,
    nodes.List,
    nodes.Tuple,
)
_WRITTEN: Final = {
    "Assign": "{% set %}",
    "AssignBlock": "{% set %}",
    "Block": "{% block %}",
    "Call": "name(…)",
    "CallBlock": "{% call %}",
    "Dict": "{…: …}",
    "Div": "/",
    "Extends": "{% extends %}",
    "FilterBlock": "{% filter %}",
    "FloorDiv": "//",
    "FromImport": "{% from %}",
    "Import": "{% import %}",
    "Include": "{% include %}",
    "Macro": "{% macro %}",
    "Mod": "%",
    "Mul": "*",
    "Pos": "+",
    "Pow": "**",
    "Slice": "[…:…]",
    "ScopedEvalContextModifier": "{% autoescape %}",
    "With": "{% with %}",
}


def check_tree(tree: nodes.Template) -> None:
    """Raise TextFault with the line of the first thing in `tree` that a gesture's text may not contain."""
    for count, (node, depth, loops) in enumerate(_walk(tree), start=1):
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise TextFault(gettext_noop("the text is too complicated; make it simpler"), line=node.lineno)
        if type(node) not in _NODES:
            written = _WRITTEN.get(type(node).__name__, type(node).__name__)
            raise TextFault(gettext_noop("“%(written)s” cannot be used in a text"), line=node.lineno, written=written)
        _check_names(node)
        if isinstance(node, nodes.For):
            _check_loop(node, loops)


def _walk(tree: nodes.Template) -> Iterator[tuple[nodes.Node, int, int]]:
    """Yield (node, depth, loops around it) without recursion: the tree may be hostile."""
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while waiting:
        node, depth, loops = waiting.pop()
        yield node, depth, loops
        inner = loops + isinstance(node, nodes.For)
        waiting.extend((child, depth + 1, inner) for child in node.iter_child_nodes())


def _check_names(node: nodes.Node) -> None:
    name = ""
    if isinstance(node, nodes.Name):
        name = node.name
    elif isinstance(node, nodes.Getattr):
        name = node.attr
    elif isinstance(node, nodes.Keyword):
        name = node.key
    elif isinstance(node, nodes.Getitem):
        if not isinstance(node.arg, nodes.Const) or type(node.arg.value) not in (str, int):
            raise TextFault(gettext_noop("between […] only a number or a name in quotes can stand"), line=node.lineno)
        name = node.arg.value if isinstance(node.arg.value, str) else ""
    if name.startswith("_") or name in _JINJAS_OWN:
        raise TextFault(gettext_noop("“%(name)s” is not known here"), line=node.lineno, name=name)
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise TextFault(gettext_noop("the filter “%(name)s” is not known here"), line=node.lineno, name=node.name)
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise TextFault(gettext_noop("the test “%(name)s” is not known here"), line=node.lineno, name=node.name)
    if isinstance(node, nodes.Const) and isinstance(node.value, int | float) and abs(node.value) > MAX_NUMBER:
        raise TextFault(gettext_noop("a number is too large"), line=node.lineno)
    if isinstance(node, nodes.Filter | nodes.Test) and (node.dyn_args is not None or node.dyn_kwargs is not None):
        raise TextFault(gettext_noop("“%(written)s” cannot be used in a text"), line=node.lineno, written="*")


def _check_loop(node: nodes.For, loops: int) -> None:
    if node.recursive:
        raise TextFault(gettext_noop("“%(written)s” cannot be used in a text"), line=node.lineno, written="recursive")
    if loops >= MAX_LOOP_DEPTH:
        raise TextFault(gettext_noop("loops can stand inside each other only twice"), line=node.lineno)
    if not isinstance(node.target, nodes.Name) or node.target.name == "loop":
        raise TextFault(gettext_noop("a loop needs one name: {%% for line in order.lines %%}"), line=node.lineno)
    if sum(1 for _ in zip(node.find_all(nodes.Node), range(MAX_LOOP_NODES + 1), strict=False)) > MAX_LOOP_NODES:
        raise TextFault(gettext_noop("this loop holds too much; make it simpler"), line=node.lineno)
