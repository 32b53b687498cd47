from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "groups"

    def ready(self) -> None:
        from contacts.selectors import register_groups  # noqa: PLC0415 - models load first
        from groups.selectors import group_ids_by_chat, group_names_of  # noqa: PLC0415

        register_groups(ids_by_chat=group_ids_by_chat, names_by_customer=group_names_of)
