"""Filters for the studio's templates: numbers, amounts, instants, pills."""

from django import template

from campaigns.admin import display

register = template.Library()
register.filter("number", display.number)
register.filter("money", display.money)
register.filter("instant", display.instant)
register.filter("pill", display.pill)
