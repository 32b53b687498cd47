"""The shapes of the SKU API (R38)."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from contacts.enums import SkuKind

BATCH_SKUS = 500


class SkuSerializer(serializers.Serializer):
    """One thing that is sold, known by its code. What is left out stays as it is."""

    code = serializers.CharField(max_length=128, help_text=_("What orders name in data.sku_id."))
    name = serializers.CharField(max_length=200)
    price_fen = serializers.IntegerField(
        min_value=0,
        max_value=10**12,
        required=False,
        allow_null=True,
        help_text=_("Whole fen; null: not known."),
    )
    kind = serializers.ChoiceField(
        choices=[(kind.value, kind.value) for kind in SkuKind],
        required=False,
        help_text=_("What buying it means; default: first."),
    )
    archived = serializers.BooleanField(required=False, help_text=_("Not sold any more."))


class SkuBatchSerializer(serializers.Serializer):
    """A batch."""

    skus = SkuSerializer(many=True, help_text=_("1 to 500 SKUs."))


class SkuResultSerializer(serializers.Serializer):
    """What became of one SKU."""

    code = serializers.CharField()
    state = serializers.ChoiceField(choices=["created", "changed", "unchanged", "invalid"])
    reason = serializers.CharField(help_text=_("Why it is invalid, else empty."))


class SkuResultsSerializer(serializers.Serializer):
    """One result for each SKU, in the same order."""

    results = SkuResultSerializer(many=True)
