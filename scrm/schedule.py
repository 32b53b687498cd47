"""What every Celery process agrees on: queues, routes, and the ticks that beat sends. Rows say what is due; beat
only ticks. Loads no model, so that beat need not either.
"""

from celery import Celery
from django.conf import settings
from kombu import Queue

QUEUES = ("welcome", "ingest", "touch", "wecom", "derive", "default")

# Task name -> queue. A name not listed goes to "default".
ROUTES = {
    "wecom.send_welcome": "welcome",
    "wecom.process_inbound": "ingest",
    "wecom.drain_inbound": "ingest",
    "wecom.*": "wecom",
    "sop.certify_tenant": "derive",
    "sop.*": "touch",
    "outbox.*": "derive",
    "leads.report_rules": "default",  # counts for many seconds; nobody's tier waits for it
    "leads.*": "derive",
    "groups.*": "derive",
    "analytics.*": "derive",
    "contacts.*": "derive",
    "campaigns.*": "derive",
}

# Name -> seconds between two ticks. Every tick is idempotent and takes its time from tenants.clock.
TICKS = {
    "outbox.relay_due": 1.0,
    "wecom.drain_inbound": 1.0,
    "sop.dispatch_due": 1.0,
    "sop.poll_results": 5.0,
    "sop.certify_due": 300.0,
    "wecom.drain_outbound": 1.0,
    "wecom.sync_due": 5.0,
    "wecom.archive_due": 5.0,
    "wecom.archive_retention": 3600.0,
    "wecom.poll_personal_sends": 60.0,
    "leads.sweep": 5.0,
    "team.sweep": 5.0,
    "team.tell": 5.0,
    "team.clean_notices": 86400.0,
    "groups.sweep": 30.0,
    "contacts.sweep": 60.0,
    "campaigns.sweep": 5.0,
    "analytics.sweep": 60.0,
    "content.sweep": 900.0,
    "wecom.media_due": 300.0,
    "console.audit_seal_due": 5.0,
    "console.audit_check_due": 900.0,
}


def configure(app: Celery) -> None:
    """Give a Celery app its settings and schedule."""
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(
        task_default_queue="default",
        task_queues=[Queue(name) for name in QUEUES],
        task_routes=[{name: {"queue": queue} for name, queue in ROUTES.items()}],
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_time_limit=300,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "global_keyprefix": f"{settings.VALKEY_PREFIX}:",
            # A task whose worker was killed is handed out again after this long; every task may run twice.
            "visibility_timeout": 60,
            "queue_order_strategy": "scrm.queues.WelcomeFirst",
            "socket_timeout": 10,
            "socket_connect_timeout": 3,
        },
        timezone="UTC",
        beat_schedule={
            name: {"task": name, "schedule": every, "options": {"expires": 10}}
            for name, every in TICKS.items()
        },
        beat_schedule_filename=str(settings.BASE_DIR / ".local" / "beat"),
    )
