"""Users: their table, queries and errors, without HTTP."""

from app.runtime.feature import Feature
from app.users.models import User

feature = Feature(name="users", tables=(User,))
