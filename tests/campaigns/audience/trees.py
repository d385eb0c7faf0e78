"""Generated audiences over the words that the people of the tests use, so that most conditions divide them."""

from typing import Any

from hypothesis import strategies as st

Tree = dict[str, Any]

_TEXT = st.sampled_from(["vip", "tea", "38", "true", "TEA-1", "é ‘quoted’", "a.b"])
_NUMBER = st.sampled_from([-1, 0, 1, 2, 3, 38, 0.5, 37.5])
_SCALAR = st.one_of(_TEXT, _NUMBER, st.booleans())
_COUNT = st.integers(0, 4)
_DAYS = st.sampled_from([0, 1, 2, 5, 30, 31, 400])
_AMOUNT = st.sampled_from(["0", "0.01", "10", "19.99", "20.00", "40.005", "59.90"])
_DAY = st.sampled_from(["2026-01-31", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"])


def _asked(field: st.SearchStrategy[str] | str, **asks: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    name = st.just(field) if isinstance(field, str) else field
    questions = [
        st.fixed_dictionaries({"field": name, "is": st.just(ask), "value": value}) for ask, value in asks.items()
    ]
    return st.one_of(questions)


def _one_of(field: str, *values: str) -> st.SearchStrategy[Tree]:
    value = st.sampled_from(values)
    return _asked(field, **{"is": value, "in": st.lists(value, min_size=1, max_size=3)})


def _free(prefix: str) -> st.SearchStrategy[Tree]:
    field = st.sampled_from(["size", "club", "city", "a.b", "never"]).map(lambda key: f"{prefix}.{key}")
    return _asked(
        field, **{"is": _SCALAR, "in": st.lists(_TEXT, min_size=1, max_size=3), "at_least": _NUMBER, "at_most": _NUMBER}
    )


_COUNTED = {"is": _COUNT, "at_least": _COUNT, "at_most": _COUNT}
_SUMMED = {"at_least": _AMOUNT, "at_most": _AMOUNT}
_AGED = {"older_than_days": _DAYS, "younger_than_days": _DAYS}

_CONDITION = st.one_of(
    _one_of("language", "fr", "fr-CA", "en"),
    _one_of("country", "FR", "CA", "XX"),
    _asked("tags", has=_TEXT),
    _one_of("tier", "gold", "silver"),
    _asked("points", **_COUNTED),
    _asked("consent", has=st.sampled_from(["email", "sms"])),
    _asked("orders_count", **_COUNTED),
    _asked("total_spent", **_SUMMED),
    _asked("last_order", **_AGED),
    _asked("signed_up", **_AGED),
    _free("attributes"),
)
_WHERE = {
    "orders": st.one_of(
        _one_of("sku", "TEA-1", "POT-1"),
        _one_of("category", "tea", "pots"),
        _asked("total", **_SUMMED),
        _asked("status", **{"is": st.sampled_from(["paid", "delivered"])}),
        _one_of("channel", "web", "shop"),
        _one_of("discount_code", "MERCI5", "vip"),
        _asked("gift", **{"is": st.booleans()}),
    ),
    "events": _free("properties"),
    "answers": _asked("score", **{"is": st.integers(0, 10), "at_least": st.integers(0, 10), "at_most": st.just(6)}),
}
_OF = {"events": st.sampled_from(["add_to_cart", "page_view"]), "answers": st.sampled_from(["nps", "ces"])}


@st.composite
def _histories(draw: st.DrawFn) -> Tree:
    facts = draw(st.sampled_from(["orders", "events", "answers"]))
    tree: Tree = {"history": facts}
    if facts == "events" or (facts == "answers" and draw(st.booleans())):
        tree["of"] = draw(_OF[facts])
    if facts == "orders" and draw(st.booleans()):
        tree["sum"] = draw(st.sampled_from(["total", "revenue"]))
    asks = _SUMMED if "sum" in tree else _COUNTED
    tree["is"] = draw(st.sampled_from(list(asks)))
    tree["value"] = draw(asks[tree["is"]])
    if draw(st.booleans()):
        tree["last_days"] = draw(_DAYS)
        tree["before_days"] = draw(st.integers(0, tree["last_days"] - 1)) if tree["last_days"] else 0
        if not tree["last_days"]:
            del tree["before_days"]
    elif draw(st.booleans()):
        tree["since"], tree["until"] = sorted([draw(_DAY), draw(_DAY)])
    if draw(st.booleans()):
        tree["where"] = draw(st.lists(_WHERE[facts], max_size=2))
    return tree


def _grouped(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    nodes = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        nodes.map(lambda found: {"all": found}),
        nodes.map(lambda found: {"any": found}),
        inner.map(lambda found: {"not": found}),
    )


leaves: st.SearchStrategy[Tree] = st.one_of(_CONDITION, _histories())
audiences: st.SearchStrategy[Tree] = st.recursive(leaves, _grouped, max_leaves=6)
