"""The API's addresses of WHEN and WHY, below /api/."""

from django.urls import URLPattern, path

from campaigns.api import shop_id  # noqa: F401 - makes its converter known
from triggers.api import CancelView, NextView, RehearsalView, RehearseView, TimelineView, WhyView

urlpatterns: list[URLPattern] = [
    path("v1/campaigns/<slug:slug>/rehearse", RehearseView.as_view()),
    path("v1/rehearsals/<int:pk>", RehearsalView.as_view()),
    path("v1/rehearsals/<int:pk>/cancel", CancelView.as_view()),
    path("v1/customers/<shop_id:external_id>/timeline", TimelineView.as_view()),
    path("v1/customers/<shop_id:external_id>/next", NextView.as_view()),
    path("v1/customers/<shop_id:external_id>/why", WhyView.as_view()),
]
