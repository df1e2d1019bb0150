"""The jobs of distributions."""

from guerdon.families.distributions.prepare import PREPARE, prepare
from guerdon.families.distributions.start import START, start
from guerdon.jobs.worker import Handler

JOBS: dict[str, Handler] = {PREPARE: prepare, START: start}
