"""Corp tags (PROTOCOL 3.3)."""

from typing import TypedDict

from wecom.calls.base import Family


class Tag(TypedDict, total=False):
    id: str
    name: str
    create_time: int
    order: int
    deleted: bool


class TagGroup(TypedDict, total=False):
    group_id: str
    group_name: str
    create_time: int
    order: int
    deleted: bool
    tag: list[Tag]


class NewTag(TypedDict, total=False):
    """`name` at most 30 characters."""

    name: str
    order: int


class _Group(TypedDict):
    tag_group: TagGroup


class Tags(Family):
    """An app changes only the tags that it made."""

    def every(self, *, tag_id: list[str] | None = None, group_id: list[str] | None = None) -> list[TagGroup]:
        """Tag groups with their tags: all, or those named (`group_id` wins)."""
        return self._rows(TagGroup, "corp_tag_list", "tag_group", tag_id=tag_id, group_id=group_id)

    def add(
        self,
        *,
        tag: list[NewTag],
        group_id: str | None = None,
        group_name: str | None = None,
        order: int | None = None,
    ) -> TagGroup:
        """Make tags in a group named by id or by name (at most 30 characters; a known name is used again).

        Permanent 40126: 3,000 tags exist; 40071: every name exists; 40068: no such group.
        """
        return self._ask(
            _Group, "add_corp_tag", tag=tag, group_id=group_id, group_name=group_name, order=order
        )["tag_group"]

    def edit(self, *, id: str, name: str | None = None, order: int | None = None) -> None:
        """Rename a tag or a tag group, or move it. Name at most 30 characters. Permanent 40068: it is gone."""
        self._door.call("edit_corp_tag", id=id, name=name, order=order)

    def delete(self, *, tag_id: list[str] | None = None, group_id: list[str] | None = None) -> None:
        """Delete tags or whole groups; at least one. The last tag takes its group with it."""
        self._door.call("del_corp_tag", tag_id=tag_id, group_id=group_id)

    def mark(
        self,
        *,
        userid: str,
        external_userid: str,
        add_tag: list[str] | None = None,
        remove_tag: list[str] | None = None,
    ) -> None:
        """Put tags on a customer of a member, or take them off; at least one. Safe to repeat.

        Permanent 84061: not connected any more; 40068: a tag is gone.
        """
        self._door.call(
            "mark_tag",
            userid=userid,
            external_userid=external_userid,
            add_tag=add_tag,
            remove_tag=remove_tag,
        )
