"""The tables of customers; import them from here."""

from contacts.models.acts import Behaviour, ImportBatch, Order
from contacts.models.identity import IdentityMove
from contacts.models.obstacles import Obstacle
from contacts.models.paths import WayInSet
from contacts.models.people import Channel, ContactWay, Customer, Follow
from contacts.models.personal import Erasure, PersonalExport
from contacts.models.profile import ProfileFact
from contacts.models.sheets import Sheet, SheetRow
from contacts.models.stages import StageMove
from contacts.models.surveys import Survey, SurveyAnswer, SurveyLink
from contacts.models.tags import CustomerTag, Tag, TagGroup, TagPast, TagRule
from contacts.models.touches import Exposure, ExposureDay, ExposureWeek, GroupDay

__all__ = [
    "Behaviour", "Channel", "ContactWay", "Customer", "CustomerTag", "Erasure", "Exposure", "ExposureDay",
    "ExposureWeek", "Follow", "GroupDay", "IdentityMove", "ImportBatch", "Obstacle", "Order", "PersonalExport",
    "ProfileFact", "Sheet", "SheetRow", "StageMove", "Survey", "SurveyAnswer", "SurveyLink", "Tag", "TagGroup",
    "TagPast", "TagRule", "WayInSet",
]  # fmt: skip
