"""Files that steps carry."""

from sop.enums import RunState
from sop.models import Step
from wecom.keeping.assets import asset_ids_in


def assets_in_runs(*, tenant_id: int) -> list[int]:
    """Files of the steps of running camps: WeCom keeps an upload for three days, so these are kept uploaded ahead."""
    rows = (
        Step.objects.filter(tenant_id=tenant_id, version__runs__state=RunState.RUNNING)
        .exclude(attachments=[])
        .order_by()
        .distinct()
        .values_list("pk", "attachments")
    )
    return sorted({one for _pk, parts in rows for one in asset_ids_in(parts)})
