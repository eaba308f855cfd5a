"""Command that creates an admin."""

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from app.accounts.dependencies import get_account_service
from app.core.config import admin_password
from app.runtime.resources import Resources
from app.runtime.terminal import failure, run_command
from app.runtime.unit_of_work import open_unit_of_work
from app.users.schemas import Email, NewPassword

commands = typer.Typer()

_email: TypeAdapter[str] = TypeAdapter(Email)
_new_password: TypeAdapter[str] = TypeAdapter(NewPassword)


@commands.command()
def create_admin(
    email: Annotated[str, typer.Argument(help="E-mail address of the admin.")],
) -> None:
    """Create an admin, or promote an existing user.

    The password is read from ADMIN_PASSWORD or the terminal. That of an existing user is unchanged.
    """
    try:
        address = _email.validate_python(email)
        typer.echo(run_command(lambda resources: _create_admin(resources, address)))
    except ValidationError as error:
        raise failure(error.errors()[0]["msg"]) from error


async def _create_admin(resources: Resources, email: str) -> str:
    async with open_unit_of_work(resources) as unit:
        if await (await get_account_service(unit)).promote_to_admin(email):
            return f"{email} is an admin now. The password is unchanged."
    password = _new_password.validate_python(
        admin_password() or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    async with resources.passwords.slot() as slot, open_unit_of_work(resources) as unit:
        accounts = await get_account_service(unit)
        await accounts.create_admin(email, password=password, slot=slot)
    return f"{email} is an admin now."
