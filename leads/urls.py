"""URLs of leads: the console's under /t/<slug>/, the phone's under /m/<slug>/."""

from django.urls import URLPattern, path, re_path

from leads import phone
from leads.views import actions, asof, board, detail, needs, person, persona, plan, rules, share

app_name = "leads"
urlpatterns: list[URLPattern] = [
    path("leads/", board.BoardView.as_view(), name="board"),
    re_path(
        r"^leads/list/(?P<tab>today|overdue|next|won|not_buying|all)/$",
        board.LeadListPage.as_view(),
        name="list",
    ),
    path("leads/days/", asof.AsOfPage.as_view(), name="asof"),
    path("leads/persona/", persona.PersonaPage.as_view(), name="persona"),
    path("leads/persona/people/", persona.PersonaPeoplePage.as_view(), name="persona_people"),
    path("leads/conversion/", rules.ConversionPage.as_view(), name="conversion"),
    path("leads/rules/", rules.RulesPage.as_view(), name="rules"),
    path("leads/rules/draft/", rules.RuleDraftPage.as_view(), name="rule_draft"),
    path("leads/rules/draft/publish/", rules.PublishView.as_view(), name="rule_publish"),
    path("leads/rules/draft/drop/", rules.DropView.as_view(), name="rule_drop"),
    path("leads/rules/count/", rules.CountView.as_view(), name="rule_count"),
    path("leads/rules/people/", rules.RulePeoplePage.as_view(), name="rule_people"),
    path("leads/rules/<int:number>/restore/", rules.RestoreView.as_view(), name="rule_restore"),
    path("leads/share/", share.ShareView.as_view(), name="share"),
    re_path(r"^leads/share/(?P<act>[0-9a-f]{32})/undo/$", share.ShareUndo.as_view(), name="share_undo"),
    path("leads/needs/", needs.NeedsPage.as_view(), name="needs"),
    path("leads/needs/script/", needs.TieDrawer.as_view(), name="need_tie"),
    path("leads/needs/<int:need_pk>/drop/", needs.NeedDrop.as_view(), name="need_drop"),
    path("leads/next/", plan.PlanManyView.as_view(), name="plan_many"),
    path("leads/assign/", actions.AssignView.as_view(), name="assign"),
    path("leads/assign/me/", actions.AssignMeView.as_view(), name="assign_me"),
    path("leads/doubts/<int:doubt_pk>/answer/", actions.DoubtAnswerView.as_view(), name="doubt_answer"),
    path("leads/<int:pk>/", detail.LeadView.as_view(), name="detail"),
    re_path(
        r"^leads/(?P<pk>\d+)/s/(?P<verb>confirm|deny|set)/$", actions.SVerdict.as_view(), name="s_verdict"
    ),
    path("leads/<int:pk>/assign/", detail.AssignDrawer.as_view(), name="assign_drawer"),
    path("leads/<int:pk>/follow/", actions.FollowUpView.as_view(), name="follow"),
    path("leads/<int:pk>/person/", person.LeadPerson.as_view(), name="person"),
    path("leads/<int:pk>/chat/", person.LeadChat.as_view(), name="chat"),
    path("leads/<int:pk>/scripts/", needs.LeadScripts.as_view(), name="scripts"),
    path("leads/<int:pk>/needs/", needs.NeedView.as_view(), name="need"),
    path("leads/<int:pk>/plan/", detail.PlanDrawer.as_view(), name="plan"),
    path("leads/<int:pk>/next/", actions.NextView.as_view(), name="next"),
    path("leads/<int:pk>/close/", actions.CloseView.as_view(), name="close"),
    path("leads/<int:pk>/reopen/", actions.ReopenView.as_view(), name="reopen"),
    path("leads/<int:pk>/doubts/", actions.DoubtView.as_view(), name="doubt"),
]
phone_urlpatterns: list[URLPattern] = [
    path("leads/<int:pk>/", phone.LeadPhonePage.as_view(), name="lead"),
    path("leads/<int:pk>/next/", phone.PhoneNext.as_view(), name="next"),
    path("leads/<int:pk>/follow/", phone.PhoneFollow.as_view(), name="follow"),
    path("leads/<int:pk>/needs/", phone.PhoneNeed.as_view(), name="need"),
    re_path(r"^leads/(?P<pk>\d+)/s/(?P<verb>confirm|deny)/$", phone.PhoneVerdict.as_view(), name="s_verdict"),
]
public_urlpatterns: list[URLPattern] = []
