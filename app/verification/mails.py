"""Mails about verification."""

from app.core.config import Settings
from app.mail.message import Mail, curl_command, render


def verification_mail(to: str, token: str, settings: Settings) -> Mail:
    """Return the mail with the token that verifies the address."""
    return render(
        "verification/templates/verify_email",
        to=to,
        subject="Confirm your e-mail address",
        link=settings.link("/verify-email", token=token),
        curl=curl_command(settings.api_url("/auth/verify-email"), {"token": token}),
    )
