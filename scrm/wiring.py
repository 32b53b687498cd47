"""Who reacts to what: the one page of cross-app reactions.

EVENTS: domain event -> handlers, called by the outbox with (tenant_id, events).
INBOUND: WeCom event -> handlers, called by wecom's ingest with one normalised event in the tenant's scope.
WORK: kind of work item -> what its owner does when a person says done or takes that back.
SYNCERS: kind of data -> the function that reads all of it from WeCom, called with (tenant_id, progress).
A handler is named by its dotted path; the path is stored in deliveries, so moving one is a migration.
"""

from django.utils.module_loading import import_string

from outbox import registry
from wecom.inbox import ingest
from wecom.reading import sync

EVENTS: dict[str, list[str]] = {
    "contacts.behaviours.recorded": [
        "contacts.handlers.on_behaviours_recorded",
        "leads.handlers.on_behaviours_recorded",
        "analytics.handlers.on_behaviours_recorded",
        "sop.handlers.on_behaviours_recorded",
        "campaigns.handlers.on_behaviours_recorded",
        "campaigns.handlers.on_join_tasks",
        "campaigns.handlers.on_orders_of_deals",
        "campaigns.handlers.on_sales",
    ],
    "contacts.exposures.moved": ["analytics.handlers.on_exposures_moved"],
    "contacts.follow.changed": ["contacts.handlers.on_follow_changed"],
    "contacts.customer.opted_out": [
        "leads.handlers.on_customer_opted_out",
        "groups.handlers.on_customer_opted_out",
    ],
    "contacts.person.changed": [
        "leads.handlers.on_persons_changed",
        "analytics.handlers.on_persons_changed",
    ],
    "content.words.changed": ["groups.handlers.on_words_changed"],
    "groups.group.frozen": ["sop.handlers.on_group_frozen"],
    "groups.member.joined": [
        "campaigns.handlers.on_invitees_moved",
        "leads.handlers.on_member_joined",
        "sop.handlers.on_member_joined",
        "contacts.handlers.on_member_joined",
        "groups.handlers.on_members_moved",
        "groups.handlers.on_invited_joined",
        "groups.handlers.on_brought",
        "groups.handlers.on_newcomers",
        "campaigns.handlers.on_join_members",
        "campaigns.handlers.on_milestones",
    ],
    "groups.member.left": [
        "campaigns.handlers.on_invitees_moved",
        "groups.handlers.on_members_moved",
        "groups.handlers.on_members_left",
        "sop.handlers.on_member_left",
        "campaigns.handlers.on_join_left",
    ],
    "groups.seats.corrected": ["analytics.handlers.on_seats_corrected"],
    "groups.tag.given": ["sop.handlers.on_groups_tagged"],
    "leads.rule.published": ["analytics.handlers.on_rule_published"],
    "sop.run.ended": [
        "content.handlers.on_camps_changed",
        "sop.handlers.on_runs_changed",
        "sop.handlers.on_run_ended",
    ],
    "sop.run.moved": ["content.handlers.on_camps_changed", "sop.handlers.on_runs_changed"],
    "sop.run.started": ["content.handlers.on_camps_changed", "sop.handlers.on_runs_changed"],
    "sop.touch.stopped": ["sop.handlers.on_touches_stopped"],
    "wecom.archive.consent_changed": ["contacts.handlers.on_archive_consent"],
    "wecom.archive.stored": [
        "contacts.handlers.on_messages_archived",
        "contacts.handlers.on_questions_heard",
        "groups.handlers.on_messages_archived",
        "groups.handlers.on_complaints_heard",
        "sop.handlers.on_messages_archived",
    ],
    "wecom.send.finished": [
        "sop.handlers.on_send_finished",
        "contacts.handlers.on_send_finished",
        "groups.handlers.on_send_finished",
        "team.handlers.on_send_finished",
    ],
    "wecom.own_sends.reached": ["groups.handlers.on_own_sends_reached"],
    "wecom.own_sends.withdrawn": ["contacts.handlers.on_own_sends_withdrawn"],
    "wecom.app.state_changed": ["team.handlers.on_app_state_changed"],
}

# These come first, and take what waits of one group, customer or colleague in one go.
INBOUND_RUNS: dict[str, list[str]] = {
    "change_external_chat": ["groups.handlers.on_external_chat"],
}

INBOUND: dict[str, list[str]] = {
    "api.behaviours": ["contacts.handlers.on_api_behaviours"],
    "change_contact": ["team.handlers.on_contact_change"],
    "change_external_chat": ["groups.handlers.on_chat_created"],
    "change_external_contact": [
        "wecom.handlers.on_external_contact",
        "contacts.handlers.on_external_contact",
        "wecom.archive.handlers.on_external_contact",
    ],
    "change_external_tag": ["contacts.handlers.on_external_tag"],
    "msgaudit_notify": ["wecom.archive.handlers.on_notify"],
}

SYNCERS: dict[str, str] = {
    "codes": "groups.handlers.sync_codes",
    "customers": "contacts.handlers.sync_customers",
    "groups": "groups.handlers.sync_groups",
    "staff": "team.handlers.sync_staff",
    "tags": "contacts.handlers.sync_tags",
}

WORK: dict[str, str] = {
    "campaigns.flash_node": "campaigns.handlers.on_flash_node_act",
    "content.card": "content.handlers.on_card_act",
    "contacts.question": "contacts.handlers.on_question_act",
    "contacts.question_lead": "contacts.handlers.on_question_act",
    "groups.helper_task": "groups.handlers.on_helper_task_act",
    "groups.end_task": "groups.handlers.on_ending_act",
    "groups.intro_reminder": "groups.handlers.on_intro_act",
    "groups.ceremony": "groups.handlers.on_ceremony_act",
    "groups.invitation": "groups.handlers.on_invitation_act",
    "groups.promise": "groups.handlers.on_promise_act",
    "groups.setup_step": "groups.handlers.on_setup_act",
    "groups.thanks": "groups.handlers.on_thanks_act",
    "groups.violation": "groups.handlers.on_violation_act",
    "groups.incident_task": "groups.handlers.on_incident_task_act",
    "sop.review": "sop.handlers.on_review_act",
    "sop.touch": "sop.handlers.on_work_act",
}


# What each app hands over when a colleague leaves or moves.
HANDOVERS = (
    "team.services.handover_parts.PARTS",
    "groups.services.handing.PARTS",
    "leads.services.handing.PARTS",
    "contacts.services.handing.PARTS",
    "sop.services.handing.PARTS",
    "campaigns.services.handing.PARTS",
    "content.services.handing.PARTS",
)


def connect() -> None:
    """Fill the registries; called once when all apps are loaded. A misspelt path stops the start."""
    for event_name, paths in EVENTS.items():
        for path in paths:
            registry.register(event_name, path, import_string(path))
    for event_name, paths in INBOUND_RUNS.items():
        for path in paths:
            ingest.register_inbound(event_name, import_string(path), takes_run=True)
    for event_name, paths in INBOUND.items():
        for path in paths:
            ingest.register_inbound(event_name, import_string(path))
    for what, path in SYNCERS.items():
        sync.register_syncer(what, import_string(path))
    register_act = import_string("team.services.register_act")
    for source_kind, path in WORK.items():
        register_act(source_kind, import_string(path))
    register_part = import_string("team.services.handover.register_part")
    for path in HANDOVERS:
        for part in import_string(path):
            register_part(part)
    import_string("contacts.selectors.register_group_lists")(
        by_customer=import_string("groups.selectors.customer_groups"),
        open_list=import_string("groups.selectors.groups_open"),
        members=import_string("groups.selectors.members_current"),
        by_id=import_string("groups.selectors.groups_by_id"),
    )
    import_string("contacts.selectors.entries.register_group_entries")(
        import_string("groups.selectors.members.entries_by_channel")
    )
    import_string("contacts.selectors.register_group_payments")(
        choices=import_string("groups.enums.PaymentBasis").choices,
        people=import_string("groups.selectors.members.people_who_paid"),
    )
    import_string("contacts.selectors.facts.register_circles")(
        choices=import_string("groups.enums.Circle").choices,
        people=import_string("groups.selectors.circles.circles_now"),
    )
    import_string("contacts.selectors.facts.register_tiers")(import_string("leads.selectors.leads.tiers_of"))
    import_string("wecom.operations.facts.register_sources")(
        due_late=import_string("scrm.sources.due_late"),
        group_names=import_string("scrm.sources.group_names"),
        groups_active=import_string("scrm.sources.groups_active"),
    )
    import_string("wecom.sending.parked.register_names")(import_string("scrm.sources.names_at_wecom"))
    import_string("contacts.selectors.stages.register_brought")(
        import_string("groups.selectors.bringing.people_brought")
    )
