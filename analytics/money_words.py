"""Money in words: extra margin, return and payback as ranges, the other ways of asking, and one customer's weight."""

from typing import Any

from django.utils.translation import gettext as _

from analytics.formats import day, money, percent

type Figures = dict[str, Any]


def returns_words(returns: Figures | None, pays_back: Figures | None, currency: str) -> Figures | None:
    """Return what came back for what was spent, in words; None where there is no range to tell."""
    if not returns or "refused" in returns:
        return None
    low, high = returns["margin_ci"]
    values = {"low": money(low, currency), "high": money(high, currency), "cost": money(returns["cost"], currency)}
    sentence = _("Extra margin: %(low)s to %(high)s, for a cost of %(cost)s.") % values
    if returns["roi_ci"]:
        ends = [percent(end, 0, signed=True) for end in returns["roi_ci"]]
        sentence += " " + _("That is a return of %(low)s to %(high)s on the money spent.") % {
            "low": ends[0],
            "high": ends[1],
        }
    elif not returns["cost"]:
        sentence += " " + _("What a message costs is not known: enter it in the campaign.")
    return returns | {"sentence": sentence, "payback_sentence": payback_sentence(pays_back)}


def payback_sentence(pays_back: Figures | None) -> str:
    """Return when a gesture has paid for itself: a day with its range, or that this is not yet proven."""
    if not pays_back:
        return ""
    middle, earliest, latest = pays_back["day"], pays_back["earliest"], pays_back["latest"]
    if middle and earliest == middle == latest:
        sentence = _("Pays back on day %(day)s.")
    elif middle and latest:
        sentence = _("Pays back around day %(day)s (day %(earliest)s at the earliest, day %(latest)s at the latest).")
    elif middle:
        sentence = _(
            "Pays back around day %(day)s (day %(earliest)s at the earliest), which is not yet proven: "
            "it may also take longer than %(within)s days, or never happen."
        )
    elif earliest:
        sentence = _("Not yet proven to pay back: on day %(earliest)s at the earliest, if at all.")
    else:
        sentence = _("Has not paid back within %(within)s days.")
    return sentence % pays_back


def robust_words(ways: list[Figures], currency: str) -> list[Figures]:
    """Return the other ways of asking for revenue a contact, each with its title, its meaning and its figures."""
    told = []
    for way in ways:
        low, high = way["diff_ci"]
        if way["way"] == "cuped":
            title = _("Habits taken out")
            meaning = _(
                "Corrected by what each customer bought in the twelve weeks before (CUPED): as exact as with %(share)s "
                "more contacts."
            ) % {"share": percent(max(0.0, 1 / way["contacts_needed"] - 1) if way["contacts_needed"] else 0.0, 0)}
        else:
            title = _("Largest buyers cut")
            meaning = _("The largest hundredth of the buyers counted as %(most)s each.") % {
                "most": money(way["most"], currency)
            }
        told.append(
            way
            | {
                "title": title,
                "meaning": meaning,
                "value_t_text": money(way["value_t"], currency),
                "value_c_text": money(way["value_c"], currency),
                "diff_text": money(way["diff"], currency, signed=True),
                "interval_text": _("%(low)s to %(high)s")
                % {"low": money(low, currency, signed=True), "high": money(high, currency, signed=True)},
            }
        )
    return told


def whale_sentence(shares: Figures | None, least: float, too_much: float) -> str:
    """Return a warning of the one customer who brought much of an arm's revenue, empty where nobody did."""
    if not shares or max(shares.values()) < least:
        return ""
    arm = max(shares, key=lambda name: float(shares[name]))
    sentence = (
        _("One customer alone brought %(share)s of the revenue of the contacted customers.")
        if arm == "treated"
        else _("One customer alone brought %(share)s of the revenue of the control group.")
    ) % {"share": percent(shares[arm], 0)}
    if shares[arm] >= too_much:
        return sentence + " " + _("So nothing is concluded about money: look at the row with the largest buyers cut.")
    return sentence + " " + _("Beware: without this one, the figure could be another.")


def frozen_sentences(frozen: Figures | None, titles: Figures) -> list[str]:
    """Return that a report is frozen, since when, and which figures a new measurement would tell otherwise."""
    if not frozen:
        return []
    sentences = [
        _("This report was frozen on %(date)s (version %(version)s): it never changes again.")
        % {"date": day(frozen["at"]), "version": frozen["version"]}
    ]
    if not frozen["unbroken"]:
        sentences.append(_("Its seal is broken: somebody changed it in the database. Do not trust it."))
    changed = frozen["differences"]
    again = {"date": day(frozen["measured_again_at"])}
    if not changed:
        sentences.append(_("Measured again on %(date)s, every figure was the same.") % again)
    else:
        names = list(dict.fromkeys(str(titles.get(row["metric"], row["metric"])) for row in changed))
        sentences.append(
            _(
                "Measured again on %(date)s, some figures were different (%(metrics)s): orders, answers or customers "
                "have changed since, or the way of computing has."
            )
            % (again | {"metrics": ", ".join(names)})
        )
    return sentences
