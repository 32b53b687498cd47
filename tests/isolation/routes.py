"""Every route of the product and what it demands: the table that the walks compare with the resolver.

A route that is not here fails the walk. Console: (permission to read, permission to write). Phone, public and
account routes: what a stranger gets. A new page is added here on purpose, by someone who says who may see it.
"""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

VIEW, WORK, OPERATE, APPROVE, MANAGE = "view", "work", "operate", "approve", "manage"

CONSOLE: dict[str, tuple[str, str]] = {
    "console:search": (VIEW, WORK),
    "console:view_form": (VIEW, VIEW),
    "console:view_delete": (VIEW, VIEW),
    "console:profile": (VIEW, VIEW),
    "console:settings": (VIEW, WORK),
    "console:members": (MANAGE, MANAGE),
    "console:member_invite": (MANAGE, MANAGE),
    "console:member_role": (MANAGE, MANAGE),
    "console:member_remove": (MANAGE, MANAGE),
    "console:member_resume": (MANAGE, MANAGE),
    "console:invitation_revoke": (MANAGE, MANAGE),
    "console:preferences": (MANAGE, MANAGE),
    "console:api_keys": (MANAGE, MANAGE),
    "console:api_key_revoke": (MANAGE, MANAGE),
    "console:audit": (MANAGE, WORK),
    "team:today": (VIEW, WORK),
    "team:item_act": (VIEW, WORK),
    "team:staff_list": (VIEW, WORK),
    "team:staff_link": (MANAGE, MANAGE),
    "team:access": (MANAGE, MANAGE),
    "team:let_in": (MANAGE, MANAGE),
    "team:unlink": (MANAGE, MANAGE),
    "wecom:setup": (MANAGE, MANAGE),
    "wecom:setup_status": (MANAGE, MANAGE),
    "wecom:setup_check": (MANAGE, MANAGE),
    "wecom:setup_secret": (MANAGE, MANAGE),
    "wecom:setup_act": (MANAGE, MANAGE),
    "wecom:operations": (MANAGE, MANAGE),
    "wecom:operations_act": (MANAGE, MANAGE),
    "wecom:archive": (MANAGE, MANAGE),
    "wecom:archive_status": (MANAGE, MANAGE),
    "wecom:archive_check": (MANAGE, MANAGE),
    "wecom:archive_secret": (MANAGE, MANAGE),
    "wecom:archive_act": (MANAGE, MANAGE),
    "wecom:archive_key": (MANAGE, MANAGE),
    "wecom:archive_version": (MANAGE, MANAGE),
    "wecom:archive_consents": (MANAGE, MANAGE),
    "wecom:archive_file": ("see_personal", WORK),
    "wecom:lost": (MANAGE, MANAGE),
    "wecom:welcome": (OPERATE, OPERATE),
    "wecom:welcome_preview": (OPERATE, OPERATE),
    "wecom:welcome_part": (OPERATE, OPERATE),
    "wecom:welcome_part_remove": (OPERATE, OPERATE),
    "wecom:asset": (VIEW, OPERATE),
    "wecom:inbox": (MANAGE, MANAGE),
    "wecom:inbox_bulk": (MANAGE, MANAGE),
    "wecom:inbox_progress": (MANAGE, MANAGE),
    "wecom:inbox_detail": (MANAGE, MANAGE),
    "wecom:sends": (MANAGE, MANAGE),
    "wecom:send_detail": (MANAGE, MANAGE),
    "wecom:send_evidence": (MANAGE, MANAGE),
    "wecom:quota": (MANAGE, MANAGE),
    "wecom:quota_forget": (MANAGE, MANAGE),
    "contacts:list": (VIEW, WORK),
    "contacts:import": (OPERATE, OPERATE),
    "contacts:import_template": (OPERATE, WORK),
    "contacts:import_batch": (OPERATE, OPERATE),
    "contacts:import_chat": (OPERATE, OPERATE),
    "contacts:import_chat_template": (OPERATE, WORK),
    "contacts:sheets": (OPERATE, OPERATE),
    "contacts:sheet_template": (OPERATE, WORK),
    "contacts:sheet": (OPERATE, OPERATE),
    "contacts:sheet_status": (OPERATE, WORK),
    "contacts:sheet_faults": (OPERATE, WORK),
    "contacts:sheet_act": (OPERATE, OPERATE),
    "contacts:detail": (VIEW, WORK),
    "contacts:opt_out": (VIEW, WORK),
    "contacts:archive_consent": (VIEW, WORK),
    "contacts:tag": (VIEW, WORK),
    "contacts:untag": (VIEW, WORK),
    "contacts:profile": (WORK, WORK),
    "contacts:stages": (VIEW, WORK),
    "contacts:stage": (WORK, WORK),
    "contacts:tags": (VIEW, WORK),
    "contacts:tag_new": (OPERATE, OPERATE),
    "contacts:tags_builtin": (OPERATE, OPERATE),
    "contacts:tag_edit": (OPERATE, OPERATE),
    "contacts:tag_archive": (OPERATE, OPERATE),
    "contacts:tag_rule": (OPERATE, OPERATE),
    "contacts:tag_rule_end": (OPERATE, OPERATE),
    "content:scripts": (VIEW, WORK),
    "content:script_new": (VIEW, OPERATE),
    "content:script": (VIEW, OPERATE),
    "content:script_verb": (VIEW, OPERATE),
    "content:miss_drop": (VIEW, OPERATE),
    "groups:list": (VIEW, WORK),
    "groups:plan": (OPERATE, OPERATE),
    "groups:bulk": (OPERATE, OPERATE),
    "groups:detail": (VIEW, WORK),
    "groups:codes": (VIEW, OPERATE),
    "groups:code_new": (OPERATE, OPERATE),
    "groups:code": (VIEW, OPERATE),
    "groups:code_edit": (OPERATE, OPERATE),
    "groups:code_act": (OPERATE, OPERATE),
    "groups:code_people": (VIEW, OPERATE),
    "groups:code_poster": (VIEW, OPERATE),
    "groups:ways": (VIEW, OPERATE),
    "groups:way_new": (OPERATE, OPERATE),
    "groups:way": (VIEW, OPERATE),
    "groups:way_edit": (OPERATE, OPERATE),
    "groups:way_act": (OPERATE, OPERATE),
    "groups:way_people": (VIEW, OPERATE),
    "groups:way_poster": (VIEW, OPERATE),
    "groups:way_part": (OPERATE, OPERATE),
    "groups:way_part_remove": (OPERATE, OPERATE),
    "groups:channels": (VIEW, OPERATE),
    "groups:channel_people": (VIEW, OPERATE),
    "groups:channel_new": (OPERATE, OPERATE),
    "groups:channel_edit": (OPERATE, OPERATE),
    "groups:channel_archive": (OPERATE, OPERATE),
    "groups:welcomes": (VIEW, OPERATE),
    "groups:welcome_new": (OPERATE, OPERATE),
    "groups:welcome": (VIEW, OPERATE),
    "groups:welcome_act": (OPERATE, OPERATE),
    "groups:welcome_part": (OPERATE, OPERATE),
    "groups:welcome_part_remove": (OPERATE, OPERATE),
    "groups:welcome_ask": (OPERATE, OPERATE),
    "groups:move": (OPERATE, OPERATE),
    "groups:readiness": (VIEW, OPERATE),
    "groups:fix": (OPERATE, OPERATE),
    "groups:approve": (APPROVE, APPROVE),
    "groups:go_live": (OPERATE, OPERATE),
    "leads:board": (VIEW, WORK),
    "leads:list": (VIEW, WORK),
    "leads:assign": (VIEW, WORK),
    "leads:assign_me": (VIEW, WORK),
    "leads:doubt_answer": (VIEW, WORK),
    "leads:detail": (VIEW, WORK),
    "leads:s_verdict": (VIEW, WORK),
    "leads:assign_drawer": (WORK, WORK),
    "leads:follow": (VIEW, WORK),
    "leads:next": (VIEW, WORK),
    "leads:close": (VIEW, WORK),
    "leads:reopen": (VIEW, WORK),
    "leads:doubt": (VIEW, WORK),
    "sop:templates": (VIEW, WORK),
    "sop:blank": (VIEW, OPERATE),
    "sop:clone": (VIEW, OPERATE),
    "sop:version": (VIEW, WORK),
    "sop:diff": (VIEW, WORK),
    "sop:publish": (VIEW, OPERATE),
    "sop:draft": (VIEW, OPERATE),
    "sop:step_new": (VIEW, OPERATE),
    "sop:step": (VIEW, OPERATE),
    "sop:step_remove": (VIEW, OPERATE),
    "sop:runs": (VIEW, WORK),
    "sop:run_new": (VIEW, OPERATE),
    "sop:run_preview": (VIEW, VIEW),
    "sop:run": (VIEW, WORK),
    "sop:run_cancel": (VIEW, OPERATE),
    "sop:run_offer": (VIEW, APPROVE),
    "sop:run_groups": (VIEW, OPERATE),
    "sop:touches": (VIEW, WORK),
    "sop:touch": (VIEW, WORK),
    "sop:touch_verb": (VIEW, WORK),
    "analytics:camps": (VIEW, WORK),
    "analytics:camp": (VIEW, WORK),
    "analytics:execution": (VIEW, WORK),
    "analytics:metrics": (VIEW, WORK),
    "analytics:people": (VIEW, WORK),
}

# Only staff that WeCom has named get in; a stranger is sent to sign in, and a form from nowhere is refused.
PHONE = {
    "team_phone:tasks",
    "team_phone:item_act",
    "team_phone:entry",
    "team_phone:js_config",
    "contacts_phone:customer",
    "contacts_phone:opt_out",
    "contacts_phone:tag",
    "groups_phone:group",
    "groups_phone:scripts",
    "groups_phone:freeze",
    "content_phone:scripts",
    "content_phone:script_missing",
    "content_phone:script_used",
    "content_phone:customer_scripts",
    "leads_phone:lead",
    "leads_phone:next",
    "leads_phone:follow",
    "leads_phone:s_verdict",
    "sop_phone:forward",
}
# Where the phone signs in: anyone may knock.
PHONE_DOOR = {"team_phone:login", "team_phone:oauth"}

# What a stranger gets with GET.
PUBLIC: dict[str, int] = {
    "healthz": 200,
    "readyz": 200,
    "metrics": 200,  # from this machine only, or with the token
    "platform_operations": 302,
    "platform_operations_tenant": 302,
    "account_login": 200,
    "account_logout": 302,
    "account_inactive": 200,
    "account_signup": 200,
    "account_reauthenticate": 302,
    "account_email": 302,
    "account_email_verification_sent": 200,
    "account_change_password": 302,
    "account_set_password": 302,
    "account_reset_password": 200,
    "account_confirm_login_code": 302,
    "account_confirm_email": 200,
    "account_reset_password_from_key_done": 200,
    "account_reset_password_from_key": 200,
    "account_reset_password_done": 200,
    "mfa_index": 302,
    "mfa_authenticate": 302,
    "mfa_reauthenticate": 302,
    "mfa_activate_totp": 302,
    "mfa_deactivate_totp": 302,
    "mfa_view_recovery_codes": 302,
    "mfa_generate_recovery_codes": 302,
    "mfa_download_recovery_codes": 302,
    "console_public:home": 302,
    "console_public:company_new": 302,
    "console_public:language": 405,
    "console_public:invite": 409,
    "wecom_public:callback": 400,
    "wecom_public:api_events": 401,
    "wecom_public:api_schema": 200,
    "wecom_public:api_docs": 200,
    "team_public:login": 200,
    "team_public:login_company": 404,
    "team_public:login_start": 404,
    "team_public:login_back": 404,
    "content_public:radar_oauth": 404,
    "content_public:radar": 404,
}


def routes() -> Iterator[tuple[str, str, Any]]:
    """(name with namespaces, path, view) of every route but the admin's."""
    yield from _walk(get_resolver().url_patterns, "", "")


def _walk(patterns: list, prefix: str, namespace: str) -> Iterator[tuple[str, str, Any]]:
    for one in patterns:
        path = prefix + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            if one.namespace != "admin":
                inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
                yield from _walk(one.url_patterns, path, inner)
        elif isinstance(one, URLPattern):
            yield f"{namespace}{one.name or path}", path, one.callback


def console_names() -> list[str]:
    return [name for name, path, _view in routes() if path.startswith("t/<slug:tenant_slug>/")]


def phone_names() -> list[str]:
    return [name for name, path, _view in routes() if path.startswith("m/<slug:phone_slug>/")]


def public_names() -> list[str]:
    console = {*console_names(), *phone_names()}
    return [name for name, _path, _view in routes() if name not in console]
