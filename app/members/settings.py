"""Settings of members."""

from pydantic import Field

from app.core.setting_group import SettingGroup
from app.core.setting_types import Policy


class MemberSettings(SettingGroup):
    """Settings of members."""

    limit_user_lookup: Policy = Field(
        "60/hour", description="Invitations by a user. They reveal which addresses are known."
    )
