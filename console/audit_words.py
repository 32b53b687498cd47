"""What the verbs of the audit trail are called. A verb without a name is shown as it is stored."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "console.list.exported": _("Exported a list"),
    "console.view.deleted": _("Deleted a saved view"),
    "console.view.saved": _("Saved a view"),
    "contacts.customer.opted_out": _("Recorded an opt-out"),
    "contacts.customer.tagged": _("Tagged a customer"),
    "contacts.customer.untagged": _("Took a tag off a customer"),
    "contacts.import.started": _("Started an import"),
    "contacts.order.classed": _("Classed an order"),
    "groups.group.answered": _("Answered a readiness question"),
    "groups.group.approved": _("Approved an exception"),
    "groups.group.edited": _("Edited a group"),
    "groups.group.frozen": _("Froze sending to a group"),
    "groups.group.kind_set": _("Set the type of a group"),
    "groups.group.moved": _("Moved a group to another stage"),
    "groups.group.planned": _("Planned a group"),
    "groups.group.unfrozen": _("Resumed sending to a group"),
    "leads.lead.assigned": _("Assigned a lead"),
    "leads.lead.closed": _("Closed a lead"),
    "leads.lead.followed": _("Recorded a follow-up"),
    "leads.lead.next_set": _("Set a next step"),
    "leads.lead.reopened": _("Reopened a lead"),
    "leads.lead.s_confirmed": _("Confirmed tier S"),
    "leads.lead.s_denied": _("Denied tier S"),
    "leads.lead.s_set": _("Set tier S by hand"),
    "sop.run.cancelled": _("Cancelled a run"),
    "sop.run.groups_changed": _("Changed the groups of a run"),
    "sop.run.offer_moved": _("Moved the end of an offer"),
    "sop.run.started": _("Started a run"),
    "sop.step.removed": _("Removed a step"),
    "sop.template.cloned": _("Copied a template"),
    "sop.template.created": _("Created a template"),
    "sop.touch.restored": _("Restored a touch"),
    "sop.touch.retimed": _("Moved a touch to another time"),
    "sop.touch.reviewed": _("Reviewed the proof of a touch"),
    "sop.touch.skipped": _("Skipped a touch"),
    "sop.touch.submitted": _("Handed in a touch"),
    "sop.version.drafted": _("Began a new version"),
    "sop.version.published": _("Published a version"),
    "team.staff.linked": _("Linked a login to a staff member"),
    "tenants.api_key.created": _("Created an API key"),
    "tenants.api_key.revoked": _("Revoked an API key"),
    "tenants.invitation.created": _("Made an invitation link"),
    "tenants.invitation.revoked": _("Revoked an invitation link"),
    "tenants.member.joined": _("Joined"),
    "tenants.member.kept": _("Kept the last owner, who left WeCom"),
    "tenants.member.let_in": _("Let a staff member in"),
    "tenants.member.removed": _("Removed a member"),
    "tenants.member.role_changed": _("Changed a role"),
    "tenants.member.resumed": _("Let a member in again"),
    "tenants.member.suspended": _("Suspended a member"),
    "tenants.preference.set": _("Changed a preference"),
    "tenants.tenant.created": _("Created the company"),
    "wecom.app.connected": _("Connected WeCom"),
    "wecom.app.greeting_set": _("Set the welcome message"),
    "wecom.app.keys_rotated": _("Renewed the callback keys"),
    "wecom.app.paused": _("Paused WeCom"),
    "wecom.app.resumed": _("Resumed WeCom"),
    "wecom.app.secret_rotated": _("Changed the WeCom secret"),
    "wecom.inbound.discarded": _("Discarded a stuck event"),
    "wecom.inbound.replayed": _("Replayed a stuck event"),
    "wecom.send.decided": _("Decided on a stuck send"),
}


def verb_label(verb: str) -> str:
    """The verb as people say it, else the verb itself."""
    return str(WORDS.get(verb, verb))


def verbs_named(text: str) -> list[str]:
    """The verbs whose name in the present language holds the text."""
    return [verb for verb, label in WORDS.items() if text.lower() in str(label).lower()]
