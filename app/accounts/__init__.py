"""Accounts over HTTP and on the command line."""

from app.accounts.commands import commands
from app.accounts.router import router
from app.runtime.feature import Feature

feature = Feature(
    name="accounts",
    tag="users",
    description="Your account, and for admins all accounts.",
    router=router,
    commands=commands,
)
