"""Notes of a user. Copy this feature for a new resource that a user owns."""

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
