"""Fields of our own: addresses in one spelling, sentences in the language of the reader."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField as PhoneNumberFormField
from phonenumber_field.modelfields import PhoneNumberDescriptor
from phonenumber_field.modelfields import PhoneNumberField as BasePhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber

from ..conf import conf
from ..numbers import canonical
from ..rules.addresses import as_written, lowered_email
from ..rules.sentences import from_text, to_text


def validate_phone_number(value: Any) -> None:
    """Refuse what is no phone number; unlike the library, accept the numbers for fiction."""
    if canonical(as_written(value), conf.region) is None:
        raise ValidationError(
            _("“%(value)s” is not a phone number. Write it like 06 12 34 56 78 or +33612345678."),
            # Not "invalid": the library would put its own sentence in place of ours.
            code="invalid_phone_number",
            params={"value": getattr(value, "raw_input", None) or value},
        )


def parse_phone_number(value: Any) -> Any:
    """A ``PhoneNumber`` in canonical form where the value is one; else what the library makes."""
    if value in (None, ""):
        return value
    text = as_written(value)
    number = canonical(text, conf.region)
    if number is None and isinstance(value, PhoneNumber):
        return value
    number = number or text
    try:
        return PhoneNumber.from_string(number, region=conf.region)
    except Exception:
        return PhoneNumber(raw_input=text)


class _Descriptor(PhoneNumberDescriptor):  # type: ignore[misc]
    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.name] = parse_phone_number(value)


class PhoneFormField(PhoneNumberFormField):  # type: ignore[misc]
    """The library's form field and widget, with our reading of numbers."""

    default_validators = [validate_phone_number]

    def prepare_value(self, value: Any) -> Any:
        """E.164: the national form of a foreign number is somebody else's number once saved."""
        return as_written(value)

    def to_python(self, value: Any) -> Any:
        text = forms.CharField.to_python(self, value)
        return parse_phone_number(text) if text else self.empty_value


class PhoneNumberField(BasePhoneNumberField):  # type: ignore[misc]
    """Stores E.164 whatever the project's ``PHONENUMBER_DB_FORMAT`` says.

    Reading gives the library's ``PhoneNumber``, of which ``as_e164`` is what is stored. Assigning
    and looking up take any spelling.
    """

    descriptor_class = _Descriptor
    default_validators = [validate_phone_number]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # They would count the characters that PHONENUMBER_DEFAULT_FORMAT shows: E.164 fits always.
        self.validators = [
            one
            for one in self.validators  # type: ignore[has-type]
            if not isinstance(one, MaxLengthValidator)
        ]

    def to_python(self, value: Any) -> Any:
        return parse_phone_number(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return parse_phone_number(value)

    def get_prep_value(self, value: Any) -> Any:
        if value in (None, ""):
            return value
        # Rubbish is stored as it was written, so that the database's CHECK sees it.
        return canonical(as_written(value), conf.region) or getattr(value, "raw_input", value)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(form_class=PhoneFormField, max_length=None, **kwargs)


class EmailField(models.EmailField):  # type: ignore[type-arg]
    """Stores lower case without blanks around it. Assigning and looking up take any case.

    Domains ignore case, and a mail server that tells ``Ada@`` from ``ada@`` is not known.
    """

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return lowered_email(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))


if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField


class SentenceField(TextField):
    """A :class:`~octopush_django.rules.sentences.Sentence`, or plain words.

    What is read from the database is in the language that is active then.
    """

    def from_db_value(self, value: str | None, *_more: Any) -> str | None:
        return from_text(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        return to_text(value) if isinstance(value, str) else super().get_prep_value(value)
