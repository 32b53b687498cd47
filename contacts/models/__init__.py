"""The tables of customers; import them from here."""

from contacts.models.acts import Behaviour, ImportBatch, Order
from contacts.models.identity import IdentityMove
from contacts.models.marks import TagMark
from contacts.models.obstacles import Obstacle
from contacts.models.paths import WayInSet
from contacts.models.people import Channel, ContactWay, Customer, Follow
from contacts.models.personal import Erasure, PersonalExport
from contacts.models.profile import OwnField, ProfileFact
from contacts.models.questions import Question
from contacts.models.sheets import Sheet, SheetRow
from contacts.models.skus import PriceAnchor, Sku
from contacts.models.stages import StageMove, StageRun, StageSetting
from contacts.models.surveys import Survey, SurveyAnswer, SurveyLink
from contacts.models.tags import CustomerTag, Tag, TagBatch, TagGroup, TagPast, TagRule
from contacts.models.touches import Exposure, ExposureDay, ExposureWeek, GroupDay
from contacts.models.transfers import CustomerTransfer

__all__ = [
    "Behaviour",
    "Channel",
    "ContactWay",
    "Customer",
    "CustomerTag",
    "CustomerTransfer",
    "Erasure",
    "Exposure",
    "ExposureDay",
    "ExposureWeek",
    "Follow",
    "GroupDay",
    "IdentityMove",
    "ImportBatch",
    "Obstacle",
    "Order",
    "OwnField",
    "PersonalExport",
    "PriceAnchor",
    "ProfileFact",
    "Question",
    "Sheet",
    "SheetRow",
    "Sku",
    "StageMove",
    "StageRun",
    "StageSetting",
    "Survey",
    "SurveyAnswer",
    "SurveyLink",
    "Tag",
    "TagBatch",
    "TagGroup",
    "TagMark",
    "TagPast",
    "TagRule",
    "WayInSet",
]  # fmt: skip
