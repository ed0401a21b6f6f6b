"""Vocabularies, and what the words of records mean."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, UniqueConstraint

from estran.storage.schema.base import Text, metadata

# A vocabulary. Its concepts and labels have consecutive numbers, from the first to the last.
concept_scheme = Table(
    "concept_scheme",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("uri", Text, nullable=False, unique=True),
    Column("document", LargeBinary, nullable=False),
    # What was found when it was taken in: counts and defects.
    Column("holding", LargeBinary, nullable=False),
    Column("loaded", BigInteger, nullable=False),
    Column("first_concept", Integer, nullable=False),
    Column("last_concept", Integer, nullable=False),
    Column("first_label", Integer, nullable=False),
    Column("last_label", Integer, nullable=False),
)

# The bytes that it came as, zstd.
concept_source = Table(
    "concept_source",
    metadata,
    Column("scheme", Integer, ForeignKey("concept_scheme.number", ondelete="CASCADE"), primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

concept = Table(
    "concept",
    metadata,
    Column("pk", Integer, primary_key=True, autoincrement=False),
    Column("scheme", Integer, ForeignKey("concept_scheme.number", ondelete="CASCADE"), nullable=False),
    Column("uri", Text, nullable=False),
    Column("local", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("deprecated", Integer, nullable=False),
    # 1 where a tree begins: a top concept, or one that no other leads to.
    Column("top", Integer, nullable=False),
    # Its first label, folded: the order of lists.
    Column("title", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    UniqueConstraint("scheme", "uri"),
    UniqueConstraint("scheme", "local"),
    Index("concept_uri", "uri"),
    Index("concept_title", "scheme", "top", "title", "pk"),
)

# Names by which data call a concept: notations, standard names, names that stood for it before.
concept_name = Table(
    "concept_name",
    metadata,
    Column("name", Text, primary_key=True),
    Column("concept", Integer, ForeignKey("concept.pk", ondelete="CASCADE"), primary_key=True),
    Index("concept_name_concept", "concept"),
)

concept_label = Table(
    "concept_label",
    metadata,
    Column("pk", Integer, primary_key=True, autoincrement=False),
    Column("concept", Integer, ForeignKey("concept.pk", ondelete="CASCADE"), nullable=False),
    Column("language", Text, nullable=False),
    # 0 preferred, 1 alternative, 2 hidden, 3 a name.
    Column("kind", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Index("concept_label_concept", "concept"),
)

# The words of labels, stemmed; rank stands in the key, so that the best come first without sorting.
concept_token = Table(
    "concept_token",
    metadata,
    Column("token", Text, primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("label", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

concept_relation = Table(
    "concept_relation",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("predicate", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    # Which vocabulary says so.
    Column(
        "scheme",
        Integer,
        ForeignKey("concept_scheme.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Index("concept_relation_object", "object", "predicate", "subject"),
    Index("concept_relation_scheme", "scheme"),
    sqlite_with_rowid=False,
)

# What the words and addresses that records carry mean: concepts, whether a vocabulary here has them or not.
facet_concept = Table(
    "facet_concept",
    metadata,
    Column("value", Integer, ForeignKey("facet_value.id"), primary_key=True, autoincrement=False),
    Column("concept", Text, primary_key=True),
    # uri: the record says it; label, stem: by a label as written or in stems; replaced: took its place.
    Column("how", Text, nullable=False),
    Column("deprecated", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# The words of all labels of those concepts, stemmed, in French ("f…") and in English ("e…").
facet_word = Table(
    "facet_word",
    metadata,
    Column("token", Text, primary_key=True),
    Column("value", Integer, ForeignKey("facet_value.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
