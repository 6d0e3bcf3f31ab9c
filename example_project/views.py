"""One public page: a shop tells a customer that the parcel has left."""

from django import forms
from django.conf import settings
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from octopush_django.campaigns import send_campaign
from octopush_django.exceptions import CampaignError
from octopush_django.models.fields import PhoneFormField


class ParcelForm(forms.Form):
    order = forms.CharField(label=_("Order"), max_length=20)
    phone_number = PhoneFormField(label=_("Phone number"))
    first_name = forms.CharField(label=_("First name"), max_length=50, required=False)


def order_shipped(request):
    form = ParcelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            send_campaign(
                text="{first_name|Hello}, your order {order} has left our shop.",
                purpose="alert",
                recipients=[
                    {
                        "phone_number": str(data["phone_number"]),
                        "first_name": data["first_name"],
                        "order": data["order"],
                    }
                ],
                sender=getattr(settings, "OCTOPUSH_SENDER", None) or "Shop",
                # The same order pressed twice is one message.
                key=f"order-shipped-{data['order']}",
            )
        except CampaignError as error:
            form.add_error(None, str(error))
        else:
            return redirect(f"{request.path}?sent=1")
    context = {"form": form, "sent": "sent" in request.GET}
    return render(request, "example_project/order_shipped.html", context)
