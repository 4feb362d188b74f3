"""The three shapes that everything at this door has: what we tell, what we are asked, and a page of a list."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.kit.texts import storable

MOST_NUMBER = 2**53 - 1  # a row's number; beyond it JSON readers round, and further on the database fails
Number = Annotated[int, Field(ge=1, le=MOST_NUMBER)]


class Told(BaseModel):
    """What we answer, made from rows and read models alike."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """What we are asked. A field that is not known is refused: a word misspelt must not count as one left out."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, given: Any) -> Any:
        """JSON can spell text that no database keeps: NUL, and halves of a character."""
        if not storable(given):
            raise ValueError("text holds NUL or half a character")
        return given


class Nothing(Asked):
    """Some acts need no words."""


class Page(Told):
    """Some rows of a list."""

    next: str | None = Field(description="Goes into `after` for the next page; null on the last.")
