"""The nouns of WHEN and HOW."""

from triggers.models.circuit import Circuit
from triggers.models.delivery import MAY_HAVE_SPOKEN, Attempt, Click, Delivery, DeliveryEvent, Outcome, State
from triggers.models.epoch import Epoch
from triggers.models.global_holdout import GlobalHoldout
from triggers.models.occasion import Decision, GuardFinding, Heartbeat, Occasion
from triggers.models.rehearsal import Rehearsal, RehearsedMessage
from triggers.models.ruling import Ruling
from triggers.models.segment import SegmentEntry, SegmentLook
from triggers.models.sms_day import SmsDay
from triggers.models.trial import TrialMessage
from triggers.models.volume import Volume

__all__ = [
    "MAY_HAVE_SPOKEN",
    "Attempt",
    "Circuit",
    "Click",
    "Decision",
    "Delivery",
    "DeliveryEvent",
    "Epoch",
    "GlobalHoldout",
    "GuardFinding",
    "Heartbeat",
    "Occasion",
    "Outcome",
    "Rehearsal",
    "RehearsedMessage",
    "Ruling",
    "SegmentEntry",
    "SegmentLook",
    "SmsDay",
    "State",
    "TrialMessage",
    "Volume",
]
