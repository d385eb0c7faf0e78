"""The addresses of the REST API, below /api/."""

from django.urls import URLPattern, path

from campaigns.api import shop_id  # noqa: F401 - makes its converter known
from campaigns.api.design_views import CAMPAIGN, GESTURE, MOMENT, list_view, one_view
from campaigns.api.docs import OpenApiView, docs_page
from campaigns.api.facts import (
    AnswersView,
    BatchView,
    ConsentsView,
    CustomerView,
    EventsView,
    OrderView,
    ProductView,
)
from campaigns.api.shop import ShopView
from campaigns.api.spend import ReferralCodeView, SpendView
from campaigns.api.step_views import STEPS, step_view

urlpatterns: list[URLPattern] = [
    path("docs/", docs_page, name="api-docs"),
    path("v1/openapi.json", OpenApiView.as_view(), name="openapi"),
    path("v1/customers/<shop_id:external_id>", CustomerView.as_view()),
    path("v1/orders/<shop_id:external_id>", OrderView.as_view()),
    path("v1/products/<shop_id:sku>", ProductView.as_view()),
    path("v1/events", EventsView.as_view()),
    path("v1/answers", AnswersView.as_view()),
    path("v1/consents", ConsentsView.as_view()),
    path("v1/batch", BatchView.as_view()),
    path("v1/shop", ShopView.as_view()),
    path("v1/spend", SpendView.as_view()),
    path("v1/referral-codes/<shop_id:code>", ReferralCodeView.as_view()),
    *(
        pattern
        for noun in (MOMENT, GESTURE, CAMPAIGN)
        for pattern in (
            path(f"v1/{noun.name}s", list_view(noun).as_view()),
            path(f"v1/{noun.name}s/<slug:slug>", one_view(noun).as_view()),
        )
    ),
    *(path(f"v1/campaigns/<slug:slug>/{step}", step_view(step).as_view()) for step in STEPS),
]
