"""Mails about passwords."""

from app.core.config import Settings
from app.mail.message import Mail, curl_command, render


def reset_mail(to: str, token: str, settings: Settings) -> Mail:
    """Return the mail with the token that resets a password."""
    return render(
        "passwords/templates/reset_password",
        to=to,
        subject="Choose a new password",
        link=settings.link("/reset-password", token=token),
        curl=curl_command(
            settings.api_url("/auth/password-reset/confirm"),
            {"token": token, "new_password": "<YOUR NEW PASSWORD>"},
        ),
    )


def changed_mail(to: str, settings: Settings) -> Mail:
    """Return the mail that reports a change, because the user may not have made it."""
    return render(
        "passwords/templates/password_changed",
        to=to,
        subject="Your password was changed",
        link=settings.link("/reset-password"),
    )
