"""What a campaign asks of the gateway: the message of its frames, and the call that takes it."""

from typing import Any

from ..audience.routes import goes_by_multi_channel
from ..client.messages import SMS_PATH, Message, MultiChannelMessage, SmsMessage
from ..conf import conf
from ..models import Campaign, Channel, Scheduler
from ..rules import placeholders


def message_of(campaign: Campaign, text: str = "") -> Message:
    """What is sent to everybody of a campaign, or to those who get ``text``.

    Raises InvalidRequest, naming the field.
    """
    hand_over = campaign.scheduler == Scheduler.GATEWAY
    common: dict[str, Any] = {
        "text": text or placeholders.parse(campaign.text).sent_text,
        "purpose": campaign.purpose,
        "send_at": campaign.send_at if hand_over else None,
        "simulation_mode": campaign.simulation,
        "list_name": campaign.options.get("list_name"),
        "recipient_tracking": campaign.options.get("recipient_tracking"),
    }
    if not goes_by_multi_channel(campaign):
        return SmsMessage(
            **common,
            type=campaign.sms_type,  # type: ignore[arg-type]
            sender=campaign.sender,
            with_replies=campaign.with_replies,
            auto_optimize_text=campaign.auto_optimize_text,
            auto_remove_blacklisted_numbers=campaign.auto_remove_blacklisted,
        )
    is_sms = campaign.channel == Channel.SMS
    options = {**campaign.options, **({"type": campaign.sms_type} if is_sms else {})}
    return MultiChannelMessage(
        **common,
        channel=campaign.channel,  # type: ignore[arg-type]
        sender=campaign.sender or None,
        auto_optimize_text=campaign.auto_optimize_text if is_sms else None,
        auto_remove_blacklisted_contacts=campaign.auto_remove_blacklisted,
        metadata=campaign.traits.metadata(options, campaign.with_replies),
    )


def path_of(campaign: Campaign) -> str:
    """The path of the gateway's call that takes a campaign."""
    return conf.multi_channel_path if goes_by_multi_channel(campaign) else SMS_PATH
