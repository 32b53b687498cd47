"""Tables beside the registry of personal data (R39), each with the reason why erasing leaves it alone."""

from collections.abc import Mapping
from typing import Final

EXEMPT: Final[Mapping[str, str]] = {
    "tenants.AuditEntry": "Redacted by tenants.redaction: who decided what about which row stays provable.",
    "wecom.ArchivedMessage": "Erased by wecom.archive.erasing, which knows whose each message is.",
    "wecom.ArchivedMedia": "Erased with its messages by wecom.archive.erasing.",
    "wecom.SealedMessage": "Erased by wecom.archive.erasing as far as the person can be told from it.",
    "wecom.ArchiveConsent": "The refusal of the archive has to hold: wecom.forgetting keeps it under a keyed hash.",
    "wecom.InboundEvent": "Worked off, it loses the person by wecom.forgetting; what is unread is worked off first.",
    "wecom.Landed": "What WeCom sent, for the moment until it is filed in the inbox.",
    "wecom.ApiEvent": "Ids of the sender's own events only, so that one counts once.",
    "wecom.OutboundSend": "The proof that a message went out once: wecom.forgetting takes the person out of it.",
    "wecom.QuotaEntry": "A count against WeCom's limit for one local day: wecom.forgetting takes the id out.",
    "wecom.OwnReach": "A count against the caps for one local day: wecom.forgetting takes the id out.",
    "outbox.EventRow": "What was told to handlers: wecom.forgetting takes WeCom's id of the person out.",
    "content.Material": "Own words; what is made of a testimonial cannot be used once that is erased.",
    "content.MaterialEdition": "Own words; what is made of a testimonial cannot be used once that is erased.",
    "sop.Step": "The company's own words to everybody; a plan names nobody.",
    "sop.Touch": "What a plan sent to a group; who got it stands in the registry's own tables.",
    "sop.TouchReminder": "Which colleague was reminded of a touch; it names no customer.",
    "sop.PushSlot": "The company's own words of a week; a slot names nobody.",
    "sop.TopicUse": "Which topic a slot carried; answers are counted, not kept.",
    "contacts.Sheet": "A file as it was uploaded is emptied once it is checked; its rows are in the registry.",
    "contacts.ImportBatch": "A file as it was uploaded is emptied once it is written.",
}
