"""The event API's shapes for its documentation. Reading is done by `items`, which can say what is wrong where."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from wecom.inbox import items


class ObjectSerializer(serializers.Serializer):
    """What it was done to: a link, a lesson, an order."""

    kind = serializers.CharField(max_length=32, required=False, help_text=_("For example sku, lesson, live."))
    id = serializers.CharField(max_length=128, required=False, help_text=_("For orders: the order number."))
    title = serializers.CharField(max_length=200, required=False)


class EventSerializer(serializers.Serializer):
    """One thing one customer did."""

    id = serializers.CharField(
        max_length=items.ID_CHARS, help_text=_("Unique within the source; counts once.")
    )
    kind = serializers.ChoiceField(choices=[(kind, kind) for kind in items.KINDS])
    occurred_at = serializers.DateTimeField(help_text=_("ISO 8601 with a zone; at most a day ahead."))
    external_userid = serializers.CharField(
        max_length=64, required=False, help_text=_("The customer at WeCom; this or unionid.")
    )
    unionid = serializers.CharField(max_length=64, required=False)
    chat_id = serializers.CharField(
        max_length=64, required=False, help_text=_("The customer group, if in one.")
    )
    object = ObjectSerializer(required=False, help_text=_("Needed with an id for order and refund."))
    amount_fen = serializers.IntegerField(
        required=False, min_value=0, help_text=_("Whole fen; needed for order and refund.")
    )
    text = serializers.CharField(max_length=items.TEXT_CHARS, required=False)
    data = serializers.DictField(  # type: ignore[assignment]
        required=False,
        help_text=_(
            "Anything else, up to 8 KiB. For orders: sku_id, the code of a SKU, and sku_kind if it differs; "
            "scene (newcomer, daily, node or flash), campaign, our number of a campaign, and distributor, the code of "
            "whoever recommended it, if you know them."
        ),
    )


class EventBatchSerializer(serializers.Serializer):
    """A batch."""

    source = serializers.RegexField(  # type: ignore[assignment]
        "^[a-z0-9][a-z0-9_-]{0,31}$", required=False, help_text=_("Your system; default: api.")
    )
    events = EventSerializer(many=True, help_text=_("1 to 500 events."))


class EventResultSerializer(serializers.Serializer):
    """What became of one event."""

    id = serializers.CharField()
    state = serializers.ChoiceField(choices=["accepted", "duplicate", "invalid"])
    reason = serializers.CharField(help_text=_("Why it is invalid, else empty."))


class EventResultsSerializer(serializers.Serializer):
    """One result for each event, in the same order."""

    results = EventResultSerializer(many=True)


class ProblemSerializer(serializers.Serializer):
    """Why the whole request was refused."""

    code = serializers.CharField()
    message = serializers.CharField()
