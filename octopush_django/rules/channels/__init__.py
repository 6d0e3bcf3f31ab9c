"""The channels, each described in one object: what it goes to, counts, asks for and shows.

Pure. The admin adds a form to each (``admin/channel_forms.py``) and a preview template.
"""

from collections.abc import Mapping

from .email import EMAIL
from .rcs import RCS
from .sms import SMS
from .traits import Traits
from .voice import VOICE

__all__ = ["CHANNELS", "EMAIL", "RCS", "SMS", "VOICE", "Traits"]

CHANNELS: Mapping[str, Traits] = {traits.code: traits for traits in (SMS, VOICE, RCS, EMAIL)}
"""By the gateway's name of the channel."""
