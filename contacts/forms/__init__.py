"""The forms of customers; import them from here."""

from contacts.forms.files import ChatImportForm, ImportForm
from contacts.forms.people import ArchiveConsentForm, MergeForm, OptOutForm, ProfileForm, SplitForm, StageForm
from contacts.forms.tags import TagEditForm, TagForm, TagRuleForm

__all__ = [
    "ArchiveConsentForm", "ChatImportForm", "ImportForm", "MergeForm", "OptOutForm", "ProfileForm", "SplitForm",
    "StageForm", "TagEditForm", "TagForm", "TagRuleForm",
]  # fmt: skip
