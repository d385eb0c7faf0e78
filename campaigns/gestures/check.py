"""Everything that can be said against a gesture's texts before anybody receives one."""

import difflib
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from django.utils.translation import gettext as _
from jinja2 import nodes

from campaigns.gestures.compile import compile_text, numbered
from campaigns.gestures.context import MAX_LINES, example, variables
from campaigns.gestures.faults import TextFault, gettext_noop
from campaigns.gestures.sandbox import TEXT, build, parse, run
from campaigns.gestures.trial import try_text
from campaigns.gestures.variants import choose_variant
from campaigns.models import ChannelName, GestureTemplate, Shop, Variant

_LINE_FACTS: Final = frozenset({"name", "sku", "category", "quantity", "unit_price"})


def text_problems(variant: Variant) -> list[str]:
    """Return why a text, saved or not, cannot be sent, in the active language and with its lines; empty if it can."""
    empty = [
        (part, TextFault(gettext_noop("write something here")))
        for part, source in parts_of(variant).items()
        if part != "preheader" and not source.strip()
    ]
    return [in_words(part, fault) for part, fault in (*empty, *text_faults(variant))]


def text_faults(variant: Variant) -> tuple[tuple[str, TextFault], ...]:
    """Return (part, fault) for what is wrong in a text that may be unfinished; parts are subject, preheader, body."""
    try:
        return _faults(variant.channel, variant.language, variant.subject, variant.preheader, variant.body)
    except TextFault as fault:  # not kept in the cache: the machine may only have been busy
        return (("body", fault),)


def in_words(part: str, fault: TextFault) -> str:
    """Return a fault with the part of the text (subject, preheader, body) it stands in, in the active language."""
    labels = {"subject": _("Subject"), "preheader": _("Line shown after the subject"), "body": _("Text")}
    return _("%(part)s: %(fault)s") % {"part": labels[part], "fault": fault}


def parts_of(variant: Variant) -> dict[str, str]:
    """Return the templates of a text by the name of their part, in the order a reader meets them."""
    if variant.channel != ChannelName.EMAIL:
        return {"body": variant.body}
    return {"subject": variant.subject, "preheader": variant.preheader, "body": variant.body}


def gesture_problems(gesture: GestureTemplate, channels: Sequence[str], *, with_order: bool = True) -> list[str]:
    """Return what in the gesture's texts stands in the way of a launch on `channels`, each with the text it is in.

    Without `with_order` the campaign's moment is about no order, so that a text that needs one speaks to nobody.
    """
    shop = Shop.get()
    problems = []
    for channel in channels:
        label = ChannelName(channel).label
        texts = sorted((text for text in gesture.variants.all() if text.channel == channel), key=attrgetter("pk"))
        if not texts:
            problems.append(_("The gesture has no text for %(channel)s: write one.") % {"channel": label})
        elif (
            gesture.missing_language == GestureTemplate.MissingLanguage.SHOP_LANGUAGE
            and choose_variant(gesture, channel, shop.language, shop) is None
        ):
            problems.append(
                _("The gesture has no text for %(channel)s in the shop's language (%(language)s): write one.")
                % {"channel": label, "language": shop.language}
            )
        for variant in texts:
            found = text_problems(variant) or ([] if with_order else _without_order(variant))
            problems += [f"{label}, {variant.language}: {problem}" for problem in found]
    return problems


def missing_facts(variant: Variant, facts: dict[str, Any]) -> list[str]:
    """Return what a good text lacks for a customer of these `facts`, with the part and line where the author wrote it
    (framed, the message has other lines)."""
    problems = []
    for part, source in parts_of(variant).items():
        try:
            run(build(source, TEXT), facts)
        except TextFault as fault:
            problems.append(in_words(part, fault))
    return problems


def _without_order(variant: Variant) -> list[str]:
    facts = _trial_contexts(variant.language)[0]
    return missing_facts(variant, {name: fact for name, fact in facts.items() if name != "order"})


@lru_cache(maxsize=512)
def _faults(channel: str, language: str, subject: str, preheader: str, body: str) -> tuple[tuple[str, TextFault], ...]:
    """Return (part, fault) for one text; kept, because the trial costs a process and the same text is asked about by
    the editor, the preview and the launch."""
    text = Variant(channel=channel, language=language, subject=subject, preheader=preheader, body=body)
    parts = parts_of(text)
    faults = try_text(parts, _trial_contexts(language), html=channel == ChannelName.EMAIL)
    if faults:
        return tuple(faults)
    faults = [(part, fault) for part, source in parts.items() for fault in unknown_names(source)]
    if not faults:
        try:
            compile_text(text, register=numbered)
        except TextFault as fault:
            faults.append(("body", fault))
    return tuple(faults)


def _trial_contexts(language: str) -> list[dict[str, Any]]:
    """Return an ordinary customer and one with as much of everything as there can be."""
    ordinary = example(language, "EUR")
    line = {"name": "N" * 200, "sku": "S" * 100, "category": "C" * 100, "quantity": 1, "unit_price": "1,00 €"}
    fullest = ordinary | {
        "customer": ordinary["customer"] | {"first_name": "P" * 120, "last_name": "P" * 120},
        "order": ordinary["order"] | {"lines": [line] * MAX_LINES},
    }
    addresses = {"unsubscribe_url": "https://boutique.test/u/0", "survey_url": "https://boutique.test/s/0"}
    return [facts | addresses for facts in (ordinary, fullest)]


def unknown_names(source: str) -> list[TextFault]:
    """Return a fault for each name in a good text that no customer will ever have, with the nearest known one."""
    tree = parse(source)
    known = {variable["name"] for variable in variables()}
    roots = {name.partition(".")[0] for name in known}
    loops = {
        loop.target.name: _LINE_FACTS if _path(loop.iter) == ["order", "lines"] else None
        for loop in tree.find_all(nodes.For)
        if isinstance(loop.target, nodes.Name)
    }
    faults, judged = [], set()
    for node in tree.find_all((nodes.Name, nodes.Getattr, nodes.Getitem)):
        path = _path(node)
        if path is None or id(node) in judged or (isinstance(node, nodes.Name) and node.ctx != "load"):
            continue
        judged |= {id(part) for part in node.find_all((nodes.Name, nodes.Getattr, nodes.Getitem))}
        root, name = path[0], ".".join(path[:2])
        if root in loops:
            facts = loops[root]
            good = len(path) == 1 or facts is None or path[1] in facts
            near = [f"{root}.{fact}" for fact in sorted(facts or ())]
        elif root in roots:
            good, near = len(path) == 1 or name in known, sorted(known)
        else:
            good, name, near = root == "loop", root, sorted(roots)
        if not good:
            faults.append(_unknown(name, near, node.lineno))
    return faults


def _path(node: nodes.Node) -> list[str] | None:
    """Return the names of `customer.first_name` or `customer["first_name"]`; None for anything else."""
    names: list[str] = []
    while not isinstance(node, nodes.Name):
        if isinstance(node, nodes.Getattr):
            names.append(node.attr)
            node = node.node
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            names.append(node.arg.value)
            node = node.node
        else:
            return None
    return [node.name, *reversed(names)]


def _unknown(name: str, known: Sequence[str], line: int) -> TextFault:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return TextFault(gettext_noop("“%(name)s” is not known; “%(near)s” is"), line=line, name=name, near=near[0])
    return TextFault(gettext_noop("“%(name)s” is not known here"), line=line, name=name)
