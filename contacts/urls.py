"""URLs of contacts: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path, re_path

from contacts.api import SkusView
from contacts.phone import CustomerOptOutView, CustomerPhonePage, CustomerTagView
from contacts.views.conversations import ConversationPage
from contacts.views.customers import (
    ArchiveConsentPage,
    CustomerListPage,
    CustomerPage,
    OptOutPage,
    TagPage,
    UntagView,
)
from contacts.views.identity import ApartView, MergePage, SamePage, SplitPage
from contacts.views.imports import (
    ChatImportPage,
    ChatTemplateView,
    ImportBatchPage,
    ImportPage,
    ImportTemplateView,
)
from contacts.views.own_fields import OwnFieldArchiveView, OwnFieldEditPage, OwnFieldNewPage, OwnFieldsPage
from contacts.views.personal import ErasePage, PersonalFileView, PersonalPage
from contacts.views.profile import ProfilePage
from contacts.views.service import CountAnewView, QuestionActView, QuestionPage, ServicePage
from contacts.views.sheets import (
    SheetActView,
    SheetFaultsView,
    SheetPage,
    SheetsPage,
    SheetStatusPage,
    SheetTemplateView,
)
from contacts.views.skus import (
    AnchorEndView,
    AnchorPage,
    OrderListPage,
    SkuArchiveView,
    SkuEditPage,
    SkuListPage,
    SkuNewPage,
)
from contacts.views.stages import StagePage, StageRunPage, StageSettingPage, StagesPage
from contacts.views.steps import ObstaclePage, ObstaclesPage, SolvePage, WayInPage
from contacts.views.surveys import (
    AnswerDecideView,
    SurveyActView,
    SurveyAskPage,
    SurveyEditPage,
    SurveyNewPage,
    SurveyPage,
    SurveysPage,
)
from contacts.views.tag_batches import (
    TagBatchAgainView,
    TagBatchDetailPage,
    TagBatchPage,
    TagBatchUndoView,
)
from contacts.views.tags import (
    TagArchiveView,
    TagEditPage,
    TagListPage,
    TagNewPage,
    TagRuleEndView,
    TagRulePage,
    TagsBuiltInView,
)
from contacts.views.transfers import TransfersAgainView, TransfersRestView

app_name = "contacts"
urlpatterns: list[URLPattern] = [
    path("customers/", CustomerListPage.as_view(), name="list"),
    path("customers/import/", ImportPage.as_view(), name="import"),
    path("customers/import/template.csv", ImportTemplateView.as_view(), name="import_template"),
    path("customers/import/chat/", ChatImportPage.as_view(), name="import_chat"),
    path("customers/import/chat/template.csv", ChatTemplateView.as_view(), name="import_chat_template"),
    path("customers/import/<int:pk>/", ImportBatchPage.as_view(), name="import_batch"),
    path("customers/files/", SheetsPage.as_view(), name="sheets"),
    path("customers/files/template/<str:kind>.csv", SheetTemplateView.as_view(), name="sheet_template"),
    path("customers/files/<int:pk>/", SheetPage.as_view(), name="sheet"),
    path("customers/files/<int:pk>/status/", SheetStatusPage.as_view(), name="sheet_status"),
    path("customers/files/<int:pk>/faults.csv", SheetFaultsView.as_view(), name="sheet_faults"),
    re_path(r"^customers/files/(?P<pk>\d+)/(?P<verb>write|undo)/$", SheetActView.as_view(), name="sheet_act"),
    path("customers/same/", SamePage.as_view(), name="same"),
    path("customers/<int:pk>/merge/", MergePage.as_view(), name="merge"),
    path("customers/<int:pk>/obstacles/", ObstaclePage.as_view(), name="obstacle"),
    path("customers/obstacles/", ObstaclesPage.as_view(), name="obstacles"),
    path("customers/obstacles/<int:pk>/solve/", SolvePage.as_view(), name="solve"),
    path("customers/<int:pk>/way-in/", WayInPage.as_view(), name="way_in"),
    path("customers/<int:pk>/conversation/", ConversationPage.as_view(), name="conversation"),
    path("customers/<int:pk>/split/", SplitPage.as_view(), name="split"),
    path("customers/<int:pk>/apart/<int:other_pk>/", ApartView.as_view(), name="apart"),
    path("customers/forms/", SurveysPage.as_view(), name="surveys"),
    path("customers/forms/new/", SurveyNewPage.as_view(), name="survey_new"),
    path("customers/forms/<int:pk>/", SurveyPage.as_view(), name="survey"),
    path("customers/forms/<int:pk>/edit/", SurveyEditPage.as_view(), name="survey_edit"),
    path("customers/forms/<int:pk>/ask/", SurveyAskPage.as_view(), name="survey_ask"),
    re_path(
        r"^customers/forms/(?P<pk>\d+)/(?P<verb>close|open)/$", SurveyActView.as_view(), name="survey_act"
    ),
    re_path(
        r"^customers/forms/answers/(?P<pk>\d+)/(?P<verb>confirm|drop)/$",
        AnswerDecideView.as_view(),
        name="survey_answer",
    ),
    path("customers/service/", ServicePage.as_view(), name="service"),
    path("customers/service/count/", CountAnewView.as_view(), name="service_count"),
    path("customers/service/<int:pk>/", QuestionPage.as_view(), name="question"),
    re_path(
        r"^customers/service/(?P<pk>\d+)/(?P<verb>elsewhere|no_need|unknown|reopen)/$",
        QuestionActView.as_view(),
        name="question_act",
    ),
    path("customers/stages/", StagesPage.as_view(), name="stages"),
    path("customers/stages/judge/", StageRunPage.as_view(), name="stages_judge"),
    path("customers/stages/<int:number>/", StageSettingPage.as_view(), name="stage_setting"),
    path("customers/<int:pk>/stage/", StagePage.as_view(), name="stage"),
    re_path(r"^customers/bulk/(?P<verb>tag|untag)/$", TagBatchPage.as_view(), name="bulk_tag"),
    path("customers/tags/batches/<int:pk>/", TagBatchDetailPage.as_view(), name="tag_batch"),
    path("customers/tags/batches/<int:pk>/again/", TagBatchAgainView.as_view(), name="tag_batch_again"),
    path("customers/tags/batches/<int:pk>/undo/", TagBatchUndoView.as_view(), name="tag_batch_undo"),
    path("customers/handed/<int:pk>/again/", TransfersAgainView.as_view(), name="transfers_again"),
    path("customers/handed/<int:pk>/rest/", TransfersRestView.as_view(), name="transfers_rest"),
    path("customers/orders/", OrderListPage.as_view(), name="orders"),
    path("customers/skus/", SkuListPage.as_view(), name="skus"),
    path("customers/skus/new/", SkuNewPage.as_view(), name="sku_new"),
    path("customers/skus/<int:pk>/", SkuEditPage.as_view(), name="sku"),
    path("customers/skus/<int:pk>/anchor/", AnchorPage.as_view(), name="sku_anchor"),
    path("customers/skus/<int:pk>/anchor/end/", AnchorEndView.as_view(), name="sku_anchor_end"),
    re_path(
        r"^customers/skus/(?P<pk>\d+)/(?P<verb>archive|restore)/$",
        SkuArchiveView.as_view(),
        name="sku_archive",
    ),
    path("customers/fields/", OwnFieldsPage.as_view(), name="own_fields"),
    path("customers/fields/new/", OwnFieldNewPage.as_view(), name="own_field_new"),
    path("customers/fields/<int:pk>/", OwnFieldEditPage.as_view(), name="own_field"),
    re_path(
        r"^customers/fields/(?P<pk>\d+)/(?P<verb>archive|restore)/$",
        OwnFieldArchiveView.as_view(),
        name="own_field_archive",
    ),
    path("customers/tags/", TagListPage.as_view(), name="tags"),
    path("customers/tags/new/", TagNewPage.as_view(), name="tag_new"),
    path("customers/tags/built-in/", TagsBuiltInView.as_view(), name="tags_builtin"),
    path("customers/tags/<int:tag_pk>/", TagEditPage.as_view(), name="tag_edit"),
    re_path(
        r"^customers/tags/(?P<tag_pk>\d+)/(?P<verb>archive|restore)/$",
        TagArchiveView.as_view(),
        name="tag_archive",
    ),
    path("customers/tags/<int:tag_pk>/rule/", TagRulePage.as_view(), name="tag_rule"),
    path("customers/tags/<int:tag_pk>/rule/end/", TagRuleEndView.as_view(), name="tag_rule_end"),
    path("customers/<int:pk>/", CustomerPage.as_view(), name="detail"),
    path("customers/<int:pk>/personal/", PersonalPage.as_view(), name="personal"),
    path("customers/<int:pk>/personal/<int:file_pk>.json", PersonalFileView.as_view(), name="personal_file"),
    path("customers/<int:pk>/erase/", ErasePage.as_view(), name="erase"),
    path("customers/<int:pk>/profile/", ProfilePage.as_view(), name="profile"),
    path("customers/<int:pk>/opt-out/", OptOutPage.as_view(), name="opt_out"),
    path("customers/<int:pk>/archive-consent/", ArchiveConsentPage.as_view(), name="archive_consent"),
    path("customers/<int:pk>/tags/", TagPage.as_view(), name="tag"),
    path("customers/<int:pk>/tags/<int:tag_pk>/remove/", UntagView.as_view(), name="untag"),
]
phone_urlpatterns: list[URLPattern] = [
    path("customer/<str:external_userid>/", CustomerPhonePage.as_view(), name="customer"),
    path("customer/<str:external_userid>/opt-out/", CustomerOptOutView.as_view(), name="opt_out"),
    re_path(
        r"^customer/(?P<external_userid>[^/]+)/tags/(?P<verb>add|remove)/$",
        CustomerTagView.as_view(),
        name="tag",
    ),
]
public_urlpatterns: list[URLPattern] = [path("api/v1/skus", SkusView.as_view(), name="api_skus")]
