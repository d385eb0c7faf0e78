"""Every address of the project; each app brings its own."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from analytics.api import ReportView
from analytics.export_api import ContactsView, ShopRowsView
from analytics.plan_api import PlanView
from analytics.programme_views import ProgrammeView
from analytics.shop_api import BeforeAfterView, NpsView
from analytics.signal_api import BilanView, FunnelView, SignalsView, SignsView
from analytics.together_views import PooledView
from campaigns.api.docs import nothing_here
from microattentions import health
from microattentions.metrics import metrics

handler500 = "microattentions.unavailable.fault"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("studio/reports/", include("analytics.urls")),
    path("studio/", admin.site.urls),
    path("", include("triggers.urls")),
    path("api/v1/campaigns/<slug:slug>/report", ReportView.as_view()),
    path("api/v1/campaigns/<slug:slug>/contacts", ContactsView.as_view()),
    path("api/v1/campaigns/<slug:slug>/shop-rows", ShopRowsView.as_view()),
    path("api/v1/campaigns/<slug:slug>/plan", PlanView.as_view()),
    path("api/v1/pooled", PooledView.as_view()),
    path("api/v1/nps", NpsView.as_view()),
    path("api/v1/before-after", BeforeAfterView.as_view()),
    path("api/v1/funnel", FunnelView.as_view()),
    path("api/v1/signals", SignalsView.as_view()),
    path("api/", include("triggers.api_urls")),
    path("api/v1/bilan", BilanView.as_view()),
    path("api/v1/programme", ProgrammeView.as_view()),
    path("api/v1/campaigns/<slug:slug>/signs", SignsView.as_view()),
    path("api/", include("campaigns.api.urls")),
    re_path("^api/", nothing_here),
]
