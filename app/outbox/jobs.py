"""Handler that sends mails."""

from uuid import UUID

from app.mail.message import Mail
from app.runtime.outbox_handlers import DeliveryHandler
from app.runtime.resources import Resources


async def send_mail(resources: Resources, mail: Mail, key: UUID) -> None:
    """Send the mail."""
    await resources.mailer.send(mail, key=key)


MAIL_HANDLER = DeliveryHandler(kind="mail", message=Mail, deliver=send_mail)
