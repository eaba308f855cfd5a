"""What an authenticated request costs in statements."""

from httpx import AsyncClient
from sqlalchemy import event

from app.core.resources import Resources
from tests.factories import API, Factory


async def test_reading_the_own_account_takes_one_query(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    login = await live_factory.login()
    await live.get(f"{API}/users/me", headers=login.headers)
    statements: list[str] = []
    engine = live_resources.database.engine.sync_engine

    def on_execute(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", on_execute)
    await live.get(f"{API}/users/me", headers=login.headers)
    event.remove(engine, "before_cursor_execute", on_execute)

    queries = [each for each in statements if not each.startswith("BEGIN")]
    assert len(queries) == 1
    assert queries[0].startswith("SELECT users.id")
