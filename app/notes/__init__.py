"""Notes of a user."""

from app.notes.models import Note
from app.notes.router import router
from app.runtime.feature import Feature

feature = Feature(
    name="notes",
    tag="notes",
    description="Notes, which only their owner can read.",
    router=router,
    tables=(Note,),
)
