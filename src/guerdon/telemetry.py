"""Logs as JSON lines on standard error, and the metrics that /metrics shows."""

import logging
import sys

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
REQUESTS = Histogram(
    "guerdon_request_seconds",
    "Time from the first byte of a request to its answer, by operation and status.",
    ["method", "route", "status"],
    registry=REGISTRY,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
OUTBOX_WAITING = Gauge(
    "guerdon_outbox_waiting", "Committed events that the relay has not taken yet.", registry=REGISTRY
)
DELIVERIES_UNFINISHED = Gauge(
    "guerdon_deliveries_unfinished", "Deliveries that still have an attempt before them.", registry=REGISTRY
)
JOBS_UNFINISHED = Gauge("guerdon_jobs_unfinished", "Background jobs that are not done.", ["state"], registry=REGISTRY)
DELIVERY_ATTEMPTS = Counter(
    "guerdon_delivery_attempts", "Webhook calls made by this process, by outcome.", ["outcome"], registry=REGISTRY
)


def configure_logging(level: str) -> None:
    """One JSON object a line; the level is a name such as `info`."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one part; its name is in every line."""
    made: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return made
