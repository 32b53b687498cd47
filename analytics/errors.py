"""Refusals of analytics, each with a sentence for the person."""

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class StarExists(DomainError):
    code = "STAR-01"
    message = _(
        "There is a north star for this already, and its period overlaps. There is exactly one at a time."
    )


class StarInvalid(DomainError):
    code = "STAR-02"
    message = _("Choose the figure, a target above zero and an end after the beginning.")


class ReasonMissing(DomainError):
    code = "STAR-03"
    message = _("Say why it is changed. The reason stays beside the old target.")


class ServesMissing(DomainError):
    code = "STAR-04"
    message = _("Say in a sentence how this plan serves the north star.")


class RelatedInvalid(DomainError):
    code = "STAR-06"
    message = _(
        "Say which figure, how it moves the north star, what is done about it, and a target above zero."
    )


class RelatedExists(DomainError):
    code = "STAR-07"
    message = _("This figure stands beside the north star already.")


class ScoreInvalid(DomainError):
    code = "STAR-08"
    message = _("Give a whole number of points from 1 to 5.")


class PlanUnknown(DomainError):
    status = 404
    code = "STAR-05"
    message = _("There is no such plan.")


class StepsInvalid(DomainError):
    code = "FUNNEL-01"
    message = _("A funnel has two to six steps, and one that is kept has a name.")


class FunnelNameTaken(DomainError):
    code = "FUNNEL-02"
    message = _("There is a funnel of this name. Choose another.")


class FunnelsFull(DomainError):
    code = "FUNNEL-03"
    message = _("There are 40 funnels already. Delete one that nobody reads any more.")


class FunnelUnknown(DomainError):
    status = 404
    code = "FUNNEL-04"
    message = _("This funnel is not there any more.")
