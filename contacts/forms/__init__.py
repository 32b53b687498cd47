"""The forms of customers; import them from here."""

from contacts.forms.files import ChatImportForm, ImportForm
from contacts.forms.own_fields import OwnFieldForm
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
from contacts.forms.skus import AnchorForm, SkuForm
from contacts.forms.stages import StageSettingForm
from contacts.forms.tags import TagBatchForm, TagEditForm, TagForm, TagRuleForm

__all__ = [
    "AnchorForm",
    "ArchiveConsentForm", "ChatImportForm", "ImportForm", "MergeForm", "ObstacleForm", "OptOutForm", "OwnFieldForm",
    "ProfileForm", "SkuForm", "SolutionForm", "SplitForm", "StageForm", "StageSettingForm", "TagBatchForm",
    "TagEditForm", "TagForm", "TagRuleForm", "WayInForm",
]  # fmt: skip
