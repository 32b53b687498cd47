"""Error codes the simulator answers with (PROTOCOL 3 and 5)."""

from __future__ import annotations

MESSAGES: dict[int, str] = {
    -1: "system busy",
    0: "ok",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media type",
    40006: "invalid file size",
    40007: "invalid media_id",
    40008: "invalid msgtype",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid oauth_code",
    40056: "invalid agentid",
    40057: "invalid callback url",
    40058: "invalid Request Parameter",
    40066: "invalid url path",
    40068: "invalid tagid",
    40082: "invalid suite_access_token",
    40084: "invalid permanent_code",
    40085: "invalid suite_ticket",
    40071: "tag name already exists",
    40096: "invalid external userid",
    40098: "external userid is being transferred",
    40126: "corp tag count exceeds limit",
    40129: "transfer count exceeds limit",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "secret missing",
    41005: "media data missing",
    41045: "contact way count exceeds limit",
    41048: "no customer to send",
    41050: "welcome code expired",
    41051: "customer already started chatting",
    41053: "customer has not agreed to archive",
    41054: "user not activated or not verified",
    41055: "group welcome template count exceeds limit",
    41063: "group message is being dispatched",
    41091: "join way group count exceeds limit",
    41093: "group message cancelled",
    41094: "remind count exceeds limit",
    41096: "welcome message is being sent",
    42001: "access_token expired",
    42007: "pre_auth_code or auth_code used or expired",
    42009: "suite_access_token expired",
    42014: "task_id repeated",
    42015: "response_code invalid or used",
    44004: "empty text content",
    45002: "content size exceeds limit",
    45009: "api freq out of limit",
    45029: "response size exceeds limit",
    45033: "api concurrency out of limit",
    48004: "corp has not authorised the suite",
    48002: "api forbidden for this app",
    60011: "no privilege to access or modify contact/party",
    60020: "not allow to access from your ip",
    60111: "userid not found",
    60123: "invalid department id",
    81013: "user & party & tag all invalid",
    81017: "too many items, owner_filter required",
    84061: "not an external contact of the user",
    84074: "user has no customer contact permission",
    86003: "chat_id invalid",
    90500: "owner of the group chat has not resigned",
    90504: "transfer count of the owner exceeds limit",
    90508: "group chat transfer count exceeds limit",
    90511: "invalid opengid",
    301002: "not allow operate another agent with this accesstoken",
    301021: "join way config_id invalid",
    830002: "media too large, use Range",
}


class WireError(Exception):
    """A refusal by the simulated server; becomes errcode/errmsg with HTTP 200."""

    def __init__(self, code: int, hint: str = "", **extra: object) -> None:
        super().__init__(code, hint)
        self.code = code
        self.hint = hint
        self.extra = extra
