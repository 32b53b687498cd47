"""The forms of customers; import them from here."""

from contacts.forms.files import ChatImportForm, ImportForm
from contacts.forms.people import (
    ArchiveConsentForm,
    MergeForm,
    ObstacleForm,
    OptOutForm,
    ProfileForm,
    SolutionForm,
    SplitForm,
    StageForm,
    WayInForm,
)  # fmt: skip
from contacts.forms.tags import TagEditForm, TagForm, TagRuleForm

__all__ = [
    "ArchiveConsentForm", "ChatImportForm", "ImportForm", "MergeForm", "ObstacleForm", "OptOutForm", "ProfileForm",
    "SolutionForm", "SplitForm", "StageForm", "TagEditForm", "TagForm", "TagRuleForm", "WayInForm",
]  # fmt: skip
