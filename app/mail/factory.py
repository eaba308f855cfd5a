"""Creation of the mailer."""

from app.core.config import Settings
from app.core.platform_settings import MailBackend
from app.mail.console import ConsoleMailer
from app.mail.mailer import Mailer
from app.mail.smtp import SmtpMailer


def create_mailer(settings: Settings) -> Mailer:
    """Return the mailer that the settings choose."""
    match settings.mail_backend:
        case MailBackend.CONSOLE:
            return ConsoleMailer()
        case MailBackend.SMTP:
            return SmtpMailer(settings)
