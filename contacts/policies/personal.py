"""Tables beside the registry of personal data (R39), each with the reason why erasing leaves it alone."""

from collections.abc import Mapping
from typing import Final

EXEMPT: Final[Mapping[str, str]] = {
    "tenants.AuditEntry": "Append-only by trigger: who decided what has to be provable afterwards.",
    "wecom.ArchivedMessage": "Erased by wecom.archive.erasing, which knows whose each message is.",
    "wecom.ArchivedMedia": "Erased with its messages by wecom.archive.erasing.",
    "wecom.SealedMessage": "Erased by wecom.archive.erasing as far as the person can be told from it.",
    "wecom.ArchiveConsent": "The refusal of the archive has to hold, so the id it is about stays.",
    "wecom.InboundEvent": "What WeCom sent, kept raw for a replay; a replay writes nothing of an erased person.",
    "wecom.Landed": "What WeCom sent, for the moment until it is filed in the inbox.",
    "wecom.ApiEvent": "Ids of the sender's own events only, so that one counts once.",
    "wecom.OutboundSend": "What was called and answered at WeCom: the proof that a message went out once.",
    "wecom.QuotaEntry": "A count against WeCom's limit for one local day, by WeCom's id.",
    "outbox.EventRow": "Ids of rows only, handed over within seconds.",
    "leads.LeadEvent": "Append-only by trigger; it holds tiers and times and no words.",
    "contacts.Sheet": "A file as it was uploaded is emptied once it is checked; its rows are in the registry.",
    "contacts.ImportBatch": "A file as it was uploaded is emptied once it is written.",
}
