"""Filters that say an occasion's decision and a delivery's state."""

from django import template

from triggers.admin import words

register = template.Library()
register.filter("decision_pill", words.decision_pill)
register.filter("state_pill", words.state_pill)
