"""URLs of content: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path, re_path

from content import phone
from content.views import (
    facts,
    knowledge,
    knowledge_phone,
    knowledge_quiz,
    library,
    library_acts,
    parts,
    proofs,
    radar,
    scripts,
    sensitive,
    surveys,
    visitors,
)

app_name = "content"
urlpatterns: list[URLPattern] = [
    path("library/", library.MaterialListPage.as_view(), name="library"),
    path("library/new/", library.MaterialNewPage.as_view(), name="material_new"),
    path("library/bulk/<slug:verb>/", library.MaterialsBulkPage.as_view(), name="materials_bulk"),
    path("library/<int:pk>/", library.MaterialPage.as_view(), name="material"),
    path("library/<int:pk>/edit/", library.MaterialEditPage.as_view(), name="material_edit"),
    path("library/<int:pk>/part/", parts.MaterialPartPage.as_view(), name="material_part"),
    path(
        "library/<int:pk>/part/<int:number>/remove/",
        parts.MaterialPartRemove.as_view(),
        name="material_part_remove",
    ),
    path("library/<int:pk>/approve/", library_acts.MaterialApproveView.as_view(), name="material_approve"),
    path("library/<int:pk>/refuse/", library_acts.MaterialRefusePage.as_view(), name="material_refuse"),
    path("library/<int:pk>/<slug:verb>/", library_acts.MaterialActView.as_view(), name="material_act"),
    path("words/", sensitive.WordsPage.as_view(), name="words"),
    path("words/add/", sensitive.WordsAddPage.as_view(), name="words_add"),
    path("words/<int:pk>/drop/", sensitive.WordDropView.as_view(), name="word_drop"),
    path("testimonials/", proofs.ProofsPage.as_view(), name="proofs"),
    path("testimonials/new/", proofs.ProofNewPage.as_view(), name="proof_new"),
    path("testimonials/<int:pk>/", proofs.ProofPage.as_view(), name="proof"),
    path("testimonials/<int:pk>/withdraw/", proofs.ProofWithdrawPage.as_view(), name="proof_withdraw"),
    path("testimonials/<int:pk>/material/", proofs.ProofMaterialView.as_view(), name="proof_material"),
    path("facts/", facts.FactsPage.as_view(), name="facts"),
    path("facts/new/", facts.FactNewPage.as_view(), name="fact_new"),
    path("facts/<int:pk>/", facts.FactPage.as_view(), name="fact"),
    path("facts/<int:pk>/people/", facts.FactPeoplePage.as_view(), name="fact_people"),
    path("facts/<int:pk>/<slug:verb>/", facts.FactActView.as_view(), name="fact_act"),
    path("personas/new/", facts.PersonaNewPage.as_view(), name="persona_new"),
    path("personas/<int:pk>/", facts.PersonaPage.as_view(), name="persona"),
    path("personas/<int:pk>/<slug:verb>/", facts.PersonaActView.as_view(), name="persona_act"),
    path("knowledge/", knowledge.KnowledgePage.as_view(), name="knowledge"),
    path("knowledge/people/", knowledge.KnowledgePeoplePage.as_view(), name="knowledge_people"),
    path("knowledge/new/", knowledge.CardNewPage.as_view(), name="knowledge_new"),
    path("knowledge/builtin/", knowledge.BuiltinAddView.as_view(), name="knowledge_builtin"),
    path("knowledge/tests/<int:pk>/", knowledge_quiz.QuizPage.as_view(), name="knowledge_quiz"),
    path("knowledge/questions/<int:pk>/", knowledge.QuestionPage.as_view(), name="knowledge_question"),
    path(
        "knowledge/questions/<int:pk>/remove/",
        knowledge.QuestionRemoveView.as_view(),
        name="knowledge_question_remove",
    ),
    path("knowledge/<int:pk>/", knowledge.CardPage.as_view(), name="knowledge_card"),
    path("knowledge/<int:pk>/edit/", knowledge.CardEditPage.as_view(), name="knowledge_edit"),
    path("knowledge/<int:pk>/publish/", knowledge.CardPublishPage.as_view(), name="knowledge_publish"),
    path("knowledge/<int:pk>/read/", knowledge_quiz.CardReadView.as_view(), name="knowledge_read"),
    path("knowledge/<int:pk>/start/", knowledge_quiz.QuizStartView.as_view(), name="knowledge_start"),
    path("knowledge/<int:pk>/question/", knowledge.QuestionNewPage.as_view(), name="knowledge_question_new"),
    path("knowledge/<int:pk>/<slug:verb>/", knowledge.CardActView.as_view(), name="knowledge_act"),
    path("scripts/", scripts.ScriptListPage.as_view(), name="scripts"),
    path("scripts/new/", scripts.ScriptPage.as_view(), name="script_new"),
    path("scripts/<int:pk>/", scripts.ScriptPage.as_view(), name="script"),
    re_path(
        r"^scripts/(?P<pk>\d+)/(?P<verb>archive|restore)/$",
        scripts.ScriptVerbView.as_view(),
        name="script_verb",
    ),
    path("scripts/searched/settle/", scripts.AskSettleView.as_view(), name="ask_settle"),
    path("scripts/asked/<int:pk>/drop/", scripts.MissDropView.as_view(), name="miss_drop"),
]
phone_urlpatterns: list[URLPattern] = [
    path("scripts/", phone.ScriptsPage.as_view(), name="scripts"),
    path("knowledge/", knowledge_phone.CardsPage.as_view(), name="knowledge"),
    path("knowledge/tests/<int:pk>/", knowledge_phone.QuizPage.as_view(), name="knowledge_quiz"),
    path("knowledge/<int:pk>/", knowledge_phone.CardPage.as_view(), name="knowledge_card"),
    path("knowledge/<int:pk>/read/", knowledge_phone.ReadView.as_view(), name="knowledge_read"),
    path("knowledge/<int:pk>/start/", knowledge_phone.StartView.as_view(), name="knowledge_start"),
    path("scripts/missing/", phone.MissView.as_view(), name="script_missing"),
    path(
        "customer/<str:external_userid>/facts/<int:pk>/told/", phone.FactToldView.as_view(), name="fact_told"
    ),
    path("scripts/<int:pk>/used/", phone.ScriptUsedView.as_view(), name="script_used"),
    path(
        "customer/<str:external_userid>/scripts/",
        phone.CustomerScriptsPage.as_view(),
        name="customer_scripts",
    ),
]
public_urlpatterns: list[URLPattern] = [
    path("r/oauth", visitors.OAuthView.as_view(), name="radar_oauth"),
    path("r/f/<str:token>", surveys.SurveyView.as_view(), name="survey"),
    path("r/<str:token>", radar.RadarView.as_view(), name="radar"),
]
