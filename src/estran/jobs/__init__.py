"""Durable work: what has to be finished whatever happens to the process that does it.

Whoever serves pages only asks for work and looks at it (`Jobs`); whoever works (`estran work`) does it, step
by step, and what a step gave is kept. DBOS does the keeping; no other room knows it.
"""

from estran.jobs.jobs import Jobs
from estran.jobs.values import Attendance, Job, Page, Schedule, State, Step, Work

__all__ = ["Attendance", "Job", "Jobs", "Page", "Schedule", "State", "Step", "Work"]
