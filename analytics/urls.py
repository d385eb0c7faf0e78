"""The addresses of the reports, below /studio/reports/, and of their twin in the REST API."""

from django.contrib import admin
from django.urls import path

from analytics import (
    bilan_views,
    digest_views,
    make_moment,
    nps_views,
    plan_views,
    programme_views,
    shop_views,
    sign_views,
    signal_views,
    together_views,
    views,
)

app_name = "analytics"
_in_studio = admin.site.admin_view

urlpatterns = [
    path("", _in_studio(views.reports), name="reports"),
    path("nps", _in_studio(nps_views.nps), name="nps"),
    path("nps/data.json", _in_studio(nps_views.nps_json), name="nps_json"),
    path("nps/data.csv", _in_studio(nps_views.nps_table), name="nps_csv"),
    path("shop", _in_studio(shop_views.shop), name="shop"),
    path("shop/data.json", _in_studio(shop_views.shop_json), name="shop_json"),
    path("shop/data.csv", _in_studio(shop_views.shop_table), name="shop_csv"),
    path("bilan", _in_studio(bilan_views.bilan), name="bilan"),
    path("bilan/data.json", _in_studio(bilan_views.bilan_json), name="bilan_json"),
    path("programme", _in_studio(programme_views.programme), name="programme"),
    path("programme/data.json", _in_studio(programme_views.programme_json), name="programme_json"),
    path("digest", _in_studio(digest_views.digest), name="digest"),
    path("<slug:slug>/signs", _in_studio(sign_views.signs), name="signs"),
    path("<slug:slug>/signs.json", _in_studio(sign_views.signs_json), name="signs_json"),
    path("funnel", _in_studio(signal_views.funnel), name="funnel"),
    path("funnel/data.json", _in_studio(signal_views.funnel_json), name="funnel_json"),
    path("funnel/data.csv", _in_studio(signal_views.funnel_table), name="funnel_csv"),
    path("signals", _in_studio(signal_views.signals), name="signals"),
    path("signals/data.json", _in_studio(signal_views.signals_json), name="signals_json"),
    path("signals/data.csv", _in_studio(signal_views.signals_table), name="signals_csv"),
    path("make-moment", _in_studio(make_moment.make_moment), name="make_moment"),
    path("together", _in_studio(together_views.together), name="together"),
    path("<slug:slug>/contacts.csv", _in_studio(views.contact_table), name="contacts_csv"),
    path("<slug:slug>/shop.csv", _in_studio(views.shop_rows_table), name="shop_rows_csv"),
    path("<slug:slug>/plan", _in_studio(plan_views.plan_page), name="plan"),
    path("<slug:slug>/", _in_studio(views.report), name="report"),
    path("<slug:slug>.json", _in_studio(views.report_json), name="report_json"),
    path("<slug:slug>.csv", _in_studio(views.report_table), name="report_csv"),
]
