"""The mails that the service writes."""

import shlex
from urllib.parse import urlencode

from app.core.config import Settings
from app.core.schemas import API
from app.mail.message import render
from app.outbox.service import OutboxService
from app.users.models import User


class MailService:
    """Composes mails and puts them into the outbox: they leave after the commit."""

    def __init__(self, outbox: OutboxService, settings: Settings) -> None:
        self._outbox = outbox
        self._settings = settings

    def send_verification(self, user: User, token: str) -> None:
        """Ask the user to prove that the address is theirs."""
        body = f'{{"token": "{token}"}}'
        mail = render(
            "verify_email",
            to=user.email,
            subject="Confirm your e-mail address",
            link=self._link("/verify-email", token),
            curl=self._curl("/verify-email", body),
        )
        self._outbox.add(mail)

    def send_password_reset(self, user: User, token: str) -> None:
        """Let the user choose a new password."""
        body = f'{{"token": "{token}", "new_password": "<YOUR NEW PASSWORD>"}}'
        mail = render(
            "reset_password",
            to=user.email,
            subject="Choose a new password",
            link=self._link("/reset-password", token),
            curl=self._curl("/password-reset/confirm", body),
        )
        self._outbox.add(mail)

    def send_password_changed(self, user: User) -> None:
        """Tell the user, who may not have been the one who changed it."""
        mail = render(
            "password_changed",
            to=user.email,
            subject="Your password was changed",
            link=self._settings.link("/reset-password"),
        )
        self._outbox.add(mail)

    def _link(self, path: str, token: str) -> str:
        return f"{self._settings.link(path)}?{urlencode({'token': token})}"

    def _curl(self, path: str, body: str) -> str:
        return f"curl --json {shlex.quote(body)} {self._settings.local_url}{API}/auth{path}"
