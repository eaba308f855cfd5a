"""Outbox of messages that a worker processes after a commit, at least once."""

from app.outbox.commands import commands
from app.outbox.jobs import MAIL_HANDLER
from app.outbox.models import OutboxMessage
from app.runtime.feature import Feature

feature = Feature(
    name="outbox",
    tables=(OutboxMessage,),
    commands=commands,
    outbox_handlers=(MAIL_HANDLER,),
)
