"""Every page of the desk asks for its permission: the matrix of docs/reference.md."""

import pytest
from django.contrib.auth.models import Permission, User

from octopush_django.models import Campaign, ContactImport, Frame, Halt, OptOut

from ..desk import check, url

pytestmark = pytest.mark.django_db


EVERYBODY = {"view_campaign", "add_campaign", "change_campaign", "send_campaign",
             "send_transactional", "decide_frame", "export_contact", "lift_optout", "halt",
             "view_contact", "view_frame", "view_recipient", "view_reply", "view_optout",
             "add_optout", "delete_campaign", "add_tariff"}  # fmt: skip
MATRIX = [
    # page, method, permissions of which any one opens it
    ("campaign_changelist", "get", {"view_campaign", "change_campaign"}),
    ("campaign_add", "get", {"add_campaign"}),
    ("campaign_change", "get", {"view_campaign", "change_campaign"}),
    ("campaign_delete", "get", {"delete_campaign"}),
    ("campaign_copy", "post", None),  # add_campaign and view_campaign together
    ("campaign_check", "get", {"send_campaign", "send_transactional"}),
    ("campaign_check", "post", {"send_campaign", "send_transactional"}),
    ("campaign_test", "post", {"send_campaign", "send_transactional"}),
    ("campaign_simulate", "post", {"send_campaign", "send_transactional"}),
    ("campaign_move", "get", {"send_campaign", "send_transactional"}),
    ("campaign_replace", "post", None),  # send_campaign and change_campaign together
    ("campaign_left_out", "get", {"send_campaign", "send_transactional"}),
    ("campaign_verb", "post", {"send_campaign", "send_transactional"}),
    ("campaign_progress", "get", {"view_campaign", "change_campaign"}),
    ("status", "get", {"view_campaign", "change_campaign"}),
    ("frame_changelist", "get", {"view_frame"}),
    ("frame_change", "get", {"view_frame"}),
    ("frame_decide", "get", {"decide_frame"}),
    ("recipient_changelist", "get", {"view_recipient"}),
    ("reply_changelist", "get", {"view_reply"}),
    ("contact_changelist", "get", {"view_contact"}),
    ("contact_export", "get", {"export_contact"}),
    ("contact_import_columns", "get", None),  # add_contact and change_contact together
    ("contactimport_refused", "get", {"export_contact"}),
    ("optout_changelist", "get", {"view_optout"}),
    ("optout_add", "get", {"add_optout"}),
    ("optout_lift", "get", {"lift_optout"}),
    ("halt_add", "get", {"halt"}),
    ("tariff_add", "get", {"add_tariff"}),
]


@pytest.fixture
def arguments(draft):
    frame = Frame.objects.create(
        campaign=draft,
        number=1,
        request_id="a",
        size=1,
        status="undecided",
        first_posted_at="2030-01-01T00:00Z",
    )
    Halt.objects.create(reason="x", lifted_at="2030-01-01T00:00Z")
    run = ContactImport.objects.create(file_name="c.csv", refused_rows=b"line;reason")
    keys = {"frame": frame.pk, "optout": OptOut.objects.get().pk, "campaign": draft.pk,
            "contact": run.pk, "contactimport": run.pk}  # fmt: skip

    def of(page):
        bare = page.endswith(("_changelist", "_add", "_export", "status"))
        if bare:
            return []
        own = [keys[page.partition("_")[0]]]
        return [*own, "pause"] if page == "campaign_verb" else own

    return of


def _named(value):
    """The same in every process: a set has no order."""
    return value if isinstance(value, str) else "+".join(sorted(value or ["both"]))


@pytest.mark.parametrize(("page", "method", "allowed"), MATRIX, ids=_named)
def test_every_page_asks_for_its_permission(client, arguments, page, method, allowed):
    path = url(page, *arguments(page))
    together = {"campaign_copy": {"add_campaign", "view_campaign"},
                "contact_import_columns": {"add_contact", "change_contact"},
                "campaign_replace": {"send_campaign", "change_campaign"}}  # fmt: skip
    tried = [(name, {name}) for name in sorted(EVERYBODY)]
    if allowed is None:
        allowed, tried = {"both"}, [*tried, ("both", together[page])]
    for name, held in tried:
        user = User.objects.create_user(name, is_staff=True)
        user.user_permissions.set(
            Permission.objects.filter(codename__in=held, content_type__app_label="octopush_django")
        )
        client.force_login(user)
        answer = getattr(client, method)(path)
        opened = answer.status_code != 403
        assert opened == (name in allowed), f"{page} with {name}: {answer.status_code}"
    client.logout()
    assert getattr(client, method)(path).status_code == 302


def test_every_page_is_in_the_matrix():
    from django.contrib import admin

    own = {pattern.name for model_admin in admin.site._registry.values()
           for pattern in model_admin.get_urls()
           if pattern.name and "octopush_django" in pattern.name
           and model_admin.opts.app_label == "octopush_django"}  # fmt: skip
    special = {name for name in own if not name.endswith(
        ("_changelist", "_add", "_change", "_delete", "_history", "_import")
    )}  # fmt: skip
    named = {page for page, _, _ in MATRIX}
    assert {name.removeprefix("octopush_django_") for name in special} <= named


def test_transactional_needs_its_own_permission(client, draft):
    Campaign.objects.filter(pk=draft.pk).update(purpose="alert")
    for name, status in (("send_campaign", 403), ("send_transactional", 200)):
        user = User.objects.create_user(name, is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename=name))
        client.force_login(user)
        assert check(client, draft).status_code == status
