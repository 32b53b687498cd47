"""Personal data by role (R39), pure."""


def masked_phone(phone: str, *, may_see: bool) -> str:
    """138****6027 for those who may not see it whole; "" stays ""."""
    if may_see or not phone:
        return phone
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****"
