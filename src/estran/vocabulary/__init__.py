"""Concepts and the schemes that define them (SKOS): what a variable's name means."""

from estran.vocabulary.concepts import (
    Annotation,
    Branch,
    Concept,
    ConceptScheme,
    Defect,
    Entry,
    Holding,
    Link,
    Match,
    Original,
    Reading,
    Relation,
)
from estran.vocabulary.vocabulary import Vocabulary

__all__ = [
    "Annotation", "Branch", "Concept", "ConceptScheme", "Defect", "Entry", "Holding", "Link", "Match",
    "Original", "Reading", "Relation", "Vocabulary",
]  # fmt: skip
