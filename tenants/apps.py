from django.apps import AppConfig
from django.db.backends.signals import connection_created


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        from tenants.scoping import apply_reach  # noqa: PLC0415  models may be imported from here on

        # A new connection learns at once whose rows it may see, also one made again after a failure.
        def on_connection(sender: object, connection: object, **kwargs: object) -> None:
            apply_reach(connection)  # type: ignore[arg-type]

        connection_created.connect(on_connection, dispatch_uid="tenants.reach", weak=False)
