"""What the outside world calls: customers' links and providers' webhooks."""

from django.urls import path

from triggers.callbacks import sendgrid, twilio
from triggers.public.click import click
from triggers.public.survey import survey
from triggers.public.unsubscribe import unsubscribe

app_name = "triggers"
urlpatterns = [
    path("c/<str:token>", click, name="click"),
    path("s/<str:token>", survey, name="survey"),
    path("s/<str:token>/<int:score>", survey, name="survey"),
    path("u/<str:token>", unsubscribe, name="unsubscribe"),
    path("webhooks/sendgrid", sendgrid.events, name="sendgrid-events"),
    path("webhooks/twilio/status", twilio.status, name="twilio-status"),
    path("webhooks/twilio/status/<str:attempt>", twilio.status, name="twilio-status"),
    path("webhooks/twilio/inbound", twilio.inbound, name="twilio-inbound"),
]
