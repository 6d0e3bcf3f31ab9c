"""A draft open in two tabs: the second save does not undo the first unseen."""

import pytest

from octopush_django.models import CampaignStatus, ContactList

from ..desk import make_draft, seen, url
from ..people import STOP

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    return make_draft()


def tab(client, draft):
    """What the form of a newly opened page would post."""
    form = client.get(url("campaign_change", draft.pk)).context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}
    fields["include"] = list(draft.include.values_list("pk", flat=True))
    return {name: value for name, value in fields.items() if value not in (None, False, [])}


def save(client, draft, fields):
    return client.post(url("campaign_change", draft.pk), fields)


@pytest.mark.parametrize("button", ["_save", "_continue", "_check"])
def test_the_second_tab_is_told_once(admin_client, draft, button):
    first, second = tab(admin_client, draft), tab(admin_client, draft)
    assert save(admin_client, draft, {**first, "text": f"New prices {STOP}"}).status_code == 302
    late = {**second, "name": "Winter", button: ""}
    page = save(admin_client, draft, late)
    said = seen(page)
    assert "changed while this page was open: text." in said
    assert "Winter" in page.content.decode()
    draft.refresh_from_db()
    assert draft.text == f"New prices {STOP}"
    # Who saves again has read it.
    again = {**late, "opened": page.context["adminform"].form["opened"].value()}
    assert save(admin_client, draft, again).status_code == 302
    draft.refresh_from_db()
    assert (draft.name, draft.text) == ("Winter", second["text"])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": "Spring"}, "name"),
        ({"sender": "Other"}, "sender"),
        ({"simulation": "on"}, "simulation"),
        ({"list_name": "Autumn"}, "options"),
        ({"scheduler": "gateway"}, "scheduled by"),
    ],
)
def test_each_field_counts(admin_client, draft, change, named):
    first, second = tab(admin_client, draft), tab(admin_client, draft)
    assert save(admin_client, draft, {**first, **change}).status_code == 302
    assert f"was open: {named}." in seen(save(admin_client, draft, second))


@pytest.mark.parametrize("field", ["include", "exclude"])
def test_lists_count(admin_client, draft, field):
    form = tab(admin_client, draft)
    getattr(draft, field).add(ContactList.objects.create(name="VIP"))
    assert "changed while this page was open" in seen(save(admin_client, draft, form))


def test_nothing_is_said_where_nothing_changed(admin_client, draft):
    form = tab(admin_client, draft)
    assert save(admin_client, draft, {**form, "text": f"One {STOP}"}).status_code == 302
    form = tab(admin_client, draft)
    assert save(admin_client, draft, {**form, "text": f"Two {STOP}"}).status_code == 302
    draft.refresh_from_db()
    assert draft.text == f"Two {STOP}"


@pytest.mark.parametrize("opened", ["x", "_" * 40, "é" * 300])
def test_rubbish_counts_as_changed(admin_client, draft, opened):
    page = save(admin_client, draft, {**tab(admin_client, draft), "opened": opened})
    assert "changed while this page was open" in seen(page)


def test_a_page_to_read_has_no_field_to_post(admin_client, draft):
    draft.status = CampaignStatus.SENT
    draft.save()
    page = admin_client.get(url("campaign_change", draft.pk)).content.decode()
    assert 'name="opened"' not in page
