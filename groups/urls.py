"""URLs of groups: the console's under /t/<slug>/."""

from django.urls import URLPattern, path, re_path

from groups import phone
from groups.views import (
    bulk,
    circles,
    code_forms,
    codes,
    detail,
    endings,
    intros,
    koc,
    lists,
    posters,
    promises,
    readiness,
    setup_steps,
    silence,
    tags,
    violations,
    welcomes,
)

app_name = "groups"
urlpatterns: list[URLPattern] = [
    path("groups/", lists.GroupListPage.as_view(), name="list"),
    path("groups/<int:pk>/koc/add/", koc.KocAdd.as_view(), name="koc_add"),
    path("groups/koc/<int:pk>/move/", koc.KocMove.as_view(), name="koc_move"),
    path("groups/koc/<int:pk>/edit/", koc.KocEdit.as_view(), name="koc_edit"),
    path("groups/koc/<int:pk>/tasks/", koc.HelperTaskNew.as_view(), name="koc_task"),
    re_path(
        r"^groups/koc/tasks/(?P<pk>\d+)/(?P<verb>done|undo)/$",
        koc.HelperTaskAct.as_view(),
        name="koc_task_act",
    ),
    path("groups/silent/", silence.SilentListPage.as_view(), name="silent"),
    path("groups/silent/ask/", silence.SilentAsk.as_view(), name="silent_ask"),
    re_path(
        r"^groups/silent/decide/(?P<decision>keep|wake|remove)/$",
        silence.SilentDecide.as_view(),
        name="silent_decide",
    ),
    path("groups/silent/undo/", silence.SilentUndo.as_view(), name="silent_undo"),
    path("groups/<int:pk>/circles/tag/", circles.CircleTag.as_view(), name="circle_tag"),
    path("groups/<int:pk>/silent/switch/", silence.SilentSwitch.as_view(), name="silent_switch"),
    path("groups/new/", lists.GroupPlanPage.as_view(), name="plan"),
    re_path(r"^groups/bulk/(?P<verb>tag|untag)/$", tags.GroupTagBulkPage.as_view(), name="bulk_tag"),
    path("groups/bulk/<slug:verb>/", bulk.GroupBulkPage.as_view(), name="bulk"),
    path("groups/tags/", tags.GroupTagListPage.as_view(), name="tags"),
    path("groups/tags/new/", tags.GroupTagNewPage.as_view(), name="tag_new"),
    path("groups/tags/built-in/", tags.GroupTagsBuiltInView.as_view(), name="tags_builtin"),
    path("groups/tags/<int:tag_pk>/", tags.GroupTagEditPage.as_view(), name="tag_edit"),
    path("groups/tags/<int:tag_pk>/archive/", tags.GroupTagArchiveView.as_view(), name="tag_archive"),
    path("groups/tags/<int:tag_pk>/rule/", tags.GroupTagRulePage.as_view(), name="tag_rule"),
    path("groups/tags/<int:tag_pk>/rule/end/", tags.GroupTagRuleEndView.as_view(), name="tag_rule_end"),
    path("groups/codes/", codes.JoinWayListPage.as_view(), name="codes"),
    path("groups/codes/new/", code_forms.JoinWayNew.as_view(), name="code_new"),
    path("groups/codes/<int:pk>/", codes.JoinWayPage.as_view(), name="code"),
    path("groups/codes/<int:pk>/edit/", code_forms.JoinWayEdit.as_view(), name="code_edit"),
    path("groups/codes/<int:pk>/people/", codes.JoinWayPeople.as_view(), name="code_people"),
    path("groups/codes/<int:pk>/poster/", posters.JoinWayPoster.as_view(), name="code_poster"),
    re_path(
        r"^groups/codes/(?P<pk>\d+)/act/(?P<verb>end|retry|read)/$",
        codes.JoinWayAct.as_view(),
        name="code_act",
    ),
    path("groups/codes/friends/", codes.WayListPage.as_view(), name="ways"),
    path("groups/codes/friends/new/", code_forms.WayNew.as_view(), name="way_new"),
    path("groups/codes/friends/<int:pk>/", code_forms.WayDetail.as_view(), name="way"),
    path("groups/codes/friends/<int:pk>/edit/", code_forms.WayEdit.as_view(), name="way_edit"),
    path("groups/codes/friends/<int:pk>/people/", codes.WayPeople.as_view(), name="way_people"),
    path("groups/codes/friends/<int:pk>/poster/", posters.WayPoster.as_view(), name="way_poster"),
    path("groups/codes/friends/<int:pk>/parts/add/", code_forms.WayPart.as_view(), name="way_part"),
    path(
        "groups/codes/friends/<int:pk>/parts/<int:number>/remove/",
        code_forms.WayPartRemove.as_view(),
        name="way_part_remove",
    ),
    re_path(
        r"^groups/codes/friends/(?P<pk>\d+)/act/(?P<verb>end|retry)/$", codes.WayAct.as_view(), name="way_act"
    ),
    path("groups/codes/channels/", codes.ChannelListPage.as_view(), name="channels"),
    path("groups/codes/channels/new/", code_forms.ChannelEdit.as_view(), name="channel_new"),
    path("groups/codes/channels/<int:pk>/", code_forms.ChannelEdit.as_view(), name="channel_edit"),
    path("groups/codes/channels/<int:pk>/people/", codes.ChannelPeople.as_view(), name="channel_people"),
    path(
        "groups/codes/channels/<int:pk>/archive/", code_forms.ChannelArchive.as_view(), name="channel_archive"
    ),
    path("groups/codes/welcomes/", welcomes.TemplateListPage.as_view(), name="welcomes"),
    path("groups/codes/welcomes/new/", welcomes.TemplateNew.as_view(), name="welcome_new"),
    path("groups/codes/welcomes/<int:pk>/", welcomes.TemplateDetail.as_view(), name="welcome"),
    path("groups/codes/welcomes/<int:pk>/ask/", welcomes.TemplateAsk.as_view(), name="welcome_ask"),
    path("groups/codes/welcomes/<int:pk>/part/", welcomes.TemplatePart.as_view(), name="welcome_part"),
    path(
        "groups/codes/welcomes/<int:pk>/part/remove/",
        welcomes.TemplatePartRemove.as_view(),
        name="welcome_part_remove",
    ),
    re_path(
        r"^groups/codes/welcomes/(?P<pk>\d+)/act/(?P<verb>publish|end)/$",
        welcomes.TemplateAct.as_view(),
        name="welcome_act",
    ),
    path("groups/promises/", promises.PromiseListPage.as_view(), name="promises"),
    path("groups/promises/<int:pk>/edit/", promises.PromiseEdit.as_view(), name="promise_edit"),
    path("groups/promises/<int:pk>/keep/", promises.PromiseKeep.as_view(), name="promise_keep"),
    path("groups/promises/<int:pk>/reopen/", promises.PromiseReopen.as_view(), name="promise_reopen"),
    re_path(
        r"^groups/promises/(?P<pk>\d+)/(?P<verb>break|withdraw)/$",
        promises.PromiseEnd.as_view(),
        name="promise_end",
    ),
    path("groups/<int:pk>/promises/new/", promises.PromiseNew.as_view(), name="promise_new"),
    path(
        "groups/<int:pk>/promises/take-over/", promises.PromisesTakeOver.as_view(), name="promises_take_over"
    ),
    path("groups/<int:pk>/", detail.GroupDetailPage.as_view(), name="detail"),
    path("groups/<int:pk>/tags/", tags.GroupTagsPage.as_view(), name="tags_of"),
    path("groups/<int:pk>/tags/<int:tag_pk>/off/", tags.GroupUntagView.as_view(), name="untag"),
    path("groups/<int:pk>/move/", detail.GroupMovePage.as_view(), name="move"),
    path("groups/<int:pk>/readiness/", readiness.ReadinessPage.as_view(), name="readiness"),
    re_path(
        r"^groups/(?P<pk>\d+)/fix/(?P<what>week|welcome|ending|rules|red_lines|closing)/$",
        readiness.FixPage.as_view(),
        name="fix",
    ),
    path("groups/<int:pk>/setup/<str:kind>/", setup_steps.SetupStepPage.as_view(), name="setup_step"),
    re_path(
        r"^groups/(?P<pk>\d+)/setup/(?P<kind>[a-z]+)/(?P<verb>tick|untick)/$",
        setup_steps.SetupTick.as_view(),
        name="setup_tick",
    ),
    path("groups/<int:pk>/violations/new/", violations.ViolationNew.as_view(), name="violation_new"),
    re_path(
        r"^groups/(?P<pk>\d+)/violations/(?P<number>\d+)/(?P<verb>done|open)/$",
        violations.ViolationAct.as_view(),
        name="violation_act",
    ),
    path(
        "groups/<int:pk>/violations/<int:number>/undo/",
        violations.ViolationUndo.as_view(),
        name="violation_undo",
    ),
    re_path(
        r"^groups/(?P<pk>\d+)/ending/(?P<kind>notice|handover|dissolve)/$",
        endings.EndTaskPage.as_view(),
        name="end_task",
    ),
    re_path(
        r"^groups/(?P<pk>\d+)/ending/(?P<kind>notice|handover|dissolve)/(?P<verb>done|open)/$",
        endings.EndTaskAct.as_view(),
        name="end_task_act",
    ),
    path("groups/<int:pk>/intros/rule/", intros.IntroRulePage.as_view(), name="intro_rule"),
    re_path(
        r"^groups/(?P<pk>\d+)/intros/mark/(?P<verb>done|open)/$",
        intros.IntroMark.as_view(),
        name="intro_mark",
    ),
    path("groups/<int:pk>/intros/offer/", intros.IntroOffer.as_view(), name="intro_offer"),
    path("groups/<int:pk>/intros/remind/", intros.IntroRemind.as_view(), name="intro_remind"),
    path("groups/<int:pk>/approve/", readiness.ApprovePage.as_view(), name="approve"),
    path("groups/<int:pk>/go-live/", readiness.GoLivePage.as_view(), name="go_live"),
]
phone_urlpatterns: list[URLPattern] = [
    path("promise/<int:pk>/", promises.PromisePhonePage.as_view(), name="promise"),
    path("group/<str:chat_id>/", phone.GroupPhonePage.as_view(), name="group"),
    path("group/<str:chat_id>/scripts/", phone.GroupScriptsPage.as_view(), name="scripts"),
    re_path(
        r"^group/(?P<chat_id>[^/]+)/(?P<verb>freeze|unfreeze)/$",
        phone.GroupFreezeView.as_view(),
        name="freeze",
    ),
]
public_urlpatterns: list[URLPattern] = []
