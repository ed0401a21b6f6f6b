"""How good observations are: schemes of flags, verdicts of experts, tests of the machine."""

from estran.observations.quality.column import NEEDED, Judging, in_scheme, judged
from estran.observations.quality.schemes import SCHEMES, Scheme, named, of_producer

__all__ = ["NEEDED", "SCHEMES", "Judging", "Scheme", "in_scheme", "judged", "named", "of_producer"]
