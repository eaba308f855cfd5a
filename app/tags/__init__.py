"""Tags of projects."""

from app.runtime.feature import Feature
from app.tags.models import Tag
from app.tags.router import router

feature = Feature(
    name="tags",
    tag="tags",
    description="Tags of a project.",
    router=router,
    tables=(Tag,),
)
