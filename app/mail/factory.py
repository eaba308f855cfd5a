"""Choice of the mailer."""

from app.core.config import MailBackend, Settings
from app.mail.console import ConsoleMailer
from app.mail.mailer import Mailer
from app.mail.smtp import SmtpMailer


def create_mailer(settings: Settings) -> Mailer:
    """The mailer that the settings ask for."""
    match settings.mail_backend:
        case MailBackend.CONSOLE:
            return ConsoleMailer()
        case MailBackend.SMTP:
            return SmtpMailer(settings)
