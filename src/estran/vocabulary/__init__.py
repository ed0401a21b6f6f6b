"""Concepts and the schemes that define them (SKOS): what a variable's name means."""

from estran.vocabulary.concepts import ConceptScheme, Entry
from estran.vocabulary.store import Vocabulary

__all__ = ["ConceptScheme", "Entry", "Vocabulary"]
