"""What Prometheus reads. Names are part of the contract: docs/operations.md lists them."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("regulars_http_requests_total", "HTTP requests", ["method", "route", "status"])
SECONDS = Histogram(
    "regulars_http_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
EVENTS = Counter("regulars_events_total", "Events by what became of them", ["outcome"])
DECISIONS = Counter("regulars_decisions_total", "Decisions made and committed", ["surface", "mode"])
DATABASE_UP = Gauge("regulars_database_up", "1 while PostgreSQL answers", multiprocess_mode="min")
CATALOGUE_SIZE = Gauge("regulars_catalogue_products", "Products known to this process", multiprocess_mode="max")
MODEL_SERVING = Gauge("regulars_model_serving", "1 for the mode that answers", ["mode"], multiprocess_mode="max")
