"""The forms of the channels beside SMS, each with the fields of its own."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import Channel
from ..rules.channels import email, voice
from .forms import CampaignForm


class VoiceForm(CampaignForm):
    """A text that a voice reads aloud."""

    channel = Channel.VOICE
    own_options = (
        "voice_gender",
        "voice_language",
        "get_back_pressed_keys",
        *CampaignForm.own_options,
    )
    message_fields = ("name", "purpose", "text", "sender", *own_options[:3])

    voice_gender = forms.ChoiceField(
        label=_("Voice"),
        choices=[("female", _("Woman")), ("male", _("Man"))],
        help_text=_("Who reads it. Swedish has a woman's voice only."),
    )
    voice_language = forms.ChoiceField(
        label=_("Language"),
        choices=[(code, code) for code in voice.LANGUAGES],
        help_text=_("The language in which the text is read; write it in that language."),
    )
    get_back_pressed_keys = forms.BooleanField(
        label=_("Report pressed keys"),
        required=False,
        help_text=_("Octopush reports which keys people press while they listen."),
    )

    class Meta(CampaignForm.Meta):
        fields = (
            "name", "purpose", "text", "sender", "include", "exclude", "simulation",
            "auto_remove_blacklisted", "scheduler",
        )  # fmt: skip
        help_texts = {
            **CampaignForm.Meta.help_texts,
            "text": _(
                "Some 450 characters are read in 30 seconds, the block by which calls are billed. "
                "Personalise with {first_name|dear customer}; everybody who hears another text "
                "takes a request of their own, 2,000 at most."
            ),
            "sender": _("3 to 11 letters and digits."),
            "auto_remove_blacklisted": _("Octopush names no price for it on this channel."),
            "include": _("Everybody in these lists, once each, on mobiles and landlines."),
        }


class RcsForm(CampaignForm):
    """A rich message, from the account's agent."""

    channel = Channel.RCS
    own_options = ("message_type", "buttons", "cards", *CampaignForm.own_options)
    renamed = {"buttons": "actions"}
    helpers = ("button_texts", "card_title", "card_text", "card_image")
    message_fields = (
        "name", "purpose", "text", "sender", "with_replies", "message_type", *helpers,
    )  # fmt: skip

    message_type = forms.ChoiceField(
        label=_("Kind"),
        choices=[("simple_text", _("Text, perhaps with buttons")), ("rich_card", _("Cards"))],
        help_text=_("A text may have buttons; cards have a title, a text and a picture."),
    )
    button_texts = forms.CharField(
        label=_("Buttons"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 40}),
        help_text=_(
            "For a text: one button a line, as people read it. Octopush documents nowhere what a "
            "button holds: send it to yourself first."
        ),
    )
    card_title = forms.CharField(
        label=_("Title of the card"),
        max_length=200,
        required=False,
        help_text=_("For cards: one line above the picture."),
    )
    card_text = forms.CharField(
        label=_("Text of the card"),
        max_length=1000,
        required=False,
        help_text=_("For cards: what stands below the title."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 40}),
    )
    card_image = forms.URLField(
        label=_("Picture of the card"),
        required=False,
        assume_scheme="https",
        help_text=_(
            "Its address, https://… Octopush documents nowhere what a card holds: send it to "
            "yourself first."
        ),
    )
    buttons = forms.JSONField(
        label=_("Buttons, as agreed with Octopush"),
        required=False,
        help_text=_("A JSON list of objects, in place of the simple ones above."),
    )
    cards = forms.JSONField(
        label=_("Cards, as agreed with Octopush"),
        required=False,
        help_text=_("A JSON list of objects, in place of the simple one above."),
    )

    class Meta(CampaignForm.Meta):
        fields = (
            "name", "purpose", "text", "sender", "with_replies", "include", "exclude",
            "simulation", "auto_remove_blacklisted", "scheduler",
        )  # fmt: skip
        help_texts = {
            **CampaignForm.Meta.help_texts,
            "text": _(
                "Personalise with {first_name|dear customer}; everybody who reads another text "
                "takes a request of their own, 2,000 at most."
            ),
            "sender": _("The agent's name as set at Octopush; empty for the account's own."),
            "with_replies": _("People can answer the message."),
            "auto_remove_blacklisted": _("Octopush names no price for it on this channel."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "buttons" in self.fields:
            self._unfold()

    def _unfold(self) -> None:
        """Show in the simple fields what the simple fields have written."""
        options = self.instance.options
        actions, cards = options.get("actions") or [], options.get("cards") or []
        if actions and all(set(action) == {"text"} for action in actions):
            self.fields["buttons"].initial = None
            texts = "\n".join(str(action["text"]) for action in actions)
            self.fields["button_texts"].initial = texts
        if len(cards) == 1 and set(cards[0]) <= set(CARD_KEYS.values()):
            self.fields["cards"].initial = None
            for name, key in CARD_KEYS.items():
                self.fields[name].initial = cards[0].get(key)

    def options_of(self, data: Mapping[str, Any]) -> dict[str, Any]:
        options = super().options_of(data)
        lines = [line.strip() for line in (data.get("button_texts") or "").splitlines()]
        card = {key: data[name] for name, key in CARD_KEYS.items() if data.get(name)}
        simple = {
            "actions": [{"text": line} for line in lines if line],
            "cards": [card][: len(card)],
        }
        for key, name in (("actions", "button_texts"), ("cards", "card_title")):
            if simple[key] and key in options:
                self.add_error(name, _("Fill in one of the two: this, or what Octopush told you."))
        return {**{key: value for key, value in simple.items() if value}, **options}


CARD_KEYS = {"card_title": "title", "card_text": "description", "card_image": "media_url"}
"""Our guess at a card: the gateway documents none."""


class EmailForm(CampaignForm):
    """An e-mail, as text or HTML."""

    channel = Channel.EMAIL
    renamed = {"stored_template": "template_name"}
    own_options = (
        "email_from", "name_from", "subject", "body_format", "stored_template", "language",
        "emailing_service", *CampaignForm.own_options,
    )  # fmt: skip
    message_fields = (
        "name", "purpose", "email_from", "name_from", "subject", "body_format", "text", "sender",
    )  # fmt: skip

    email_from = forms.EmailField(
        label=_("From"), help_text=_("The address that people see and can answer.")
    )
    name_from = forms.CharField(
        label=_("Name"),
        max_length=email.LONGEST_NAME,
        required=False,
        help_text=_("The name that people see in front of the address."),
    )
    subject = forms.CharField(
        label=_("Subject"),
        max_length=email.LONGEST_SUBJECT,
        help_text=_("One line, the same for everybody."),
    )
    body_format = forms.ChoiceField(
        label=_("Format"),
        choices=[("plain_text", _("Text")), ("html", _("HTML"))],
        help_text=_("How the text below is written: as it is read, or as HTML."),
    )
    stored_template = forms.CharField(
        label=_("Template at Octopush"),
        max_length=email.LONGEST_NAME,
        required=False,
        help_text=_(
            "The name of a stored template. Octopush does not say whether text or it wins."
        ),
    )
    language = forms.CharField(
        label=_("Language of the unsubscribe mention"),
        max_length=5,
        required=False,
        help_text=_("A code such as fr or en-GB; empty for what Octopush takes by itself."),
    )
    emailing_service = forms.ChoiceField(
        label=_("Service"),
        choices=[("gateway", _("Gateway")), ("mailbox", _("Mailbox"))],
        help_text=_("Octopush does not explain the difference; it uses Gateway in its example."),
    )

    class Meta(CampaignForm.Meta):
        fields = (
            "name", "purpose", "text", "sender", "include", "exclude", "simulation",
            "auto_remove_blacklisted", "scheduler",
        )  # fmt: skip
        help_texts = {
            **CampaignForm.Meta.help_texts,
            "text": _(
                "At most 1,224 characters. Personalise with {first_name|dear customer}; everybody "
                "who reads another text takes a request of their own, 2,000 at most."
            ),
            "sender": _("3 to 11 letters and digits. Octopush wants it for e-mails too."),
            "auto_remove_blacklisted": _("Octopush names no price for it on this channel."),
            "include": _("Everybody in these lists who has an e-mail address, once each."),
        }


FORMS: dict[str, type[CampaignForm]] = {
    form.channel: form for form in (CampaignForm, VoiceForm, RcsForm, EmailForm)
}
"""The form of each channel that can be composed here."""
