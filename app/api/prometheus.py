"""/metrics at the root, for Prometheus: figures of this installation, behind a token of its own."""

import hmac
import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from app import __version__
from app.operations.metrics.instance import Figure, MetricKind, figures
from app.platform.bootstrap import runtime
from app.platform.errors import Forbidden, Unauthorized
from app.security.access import add_guard, client_address, guarded_by

_GUARD = "METRICS_TOKEN"
_ENDPOINT = "prometheus"
_PREFIX = "alertifypro_"


def install(app: Flask) -> None:
    """Answer /metrics to whoever has METRICS_TOKEN."""
    add_guard(app, _GUARD, _check)
    app.add_url_rule("/metrics", _ENDPOINT, scrape, methods=["GET"])
    guarded_by(app, _ENDPOINT, _GUARD)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    ProcessCollector(registry=registry)  # of the process that answers
    app.extensions[_ENDPOINT] = registry


def scrape() -> Response:
    """Answer all figures, in the form that `Accept` asks for."""
    registry: CollectorRegistry = current_app.extensions[_ENDPOINT]
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=content_type)


def _check() -> None:
    """Raise Unauthorized without the token, Forbidden where none is set and it is not our machine.

    Figures name services of every organization. Without a token they are for the machine itself,
    and only while BASE_URL says that this server is for nobody else: behind a proxy every request
    may come from loopback.
    """
    config = runtime().config
    if config.metrics_token:
        scheme, _, data = request.headers.get("Authorization", "").partition(" ")
        is_right = hmac.compare_digest(data.strip().encode(), config.metrics_token.encode())
        if scheme.lower() != "bearer" or not is_right:
            raise Unauthorized
    elif not (_is_loopback(client_address()) and _is_loopback(urlsplit(config.base_url).hostname)):
        raise Forbidden("set METRICS_TOKEN, and send it as a bearer token, to read the figures")


def _is_loopback(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


class _Figures(Collector):
    """The figures of the installation as families of prometheus_client."""

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        build = GaugeMetricFamily(
            f"{_PREFIX}build_info", "Version of AlertifyPro.", None, ["version"]
        )
        build.add_metric([__version__], 1)
        yield build
        yield from map(_family, figures())


def _family(figure: Figure) -> Metric:
    name = f"{_PREFIX}{figure.name}"
    if figure.kind is MetricKind.HISTOGRAM:
        histogram = HistogramMetricFamily(name, figure.help)
        histogram.add_metric([], [(le, value) for (le,), value in figure.samples], figure.sum)
        return histogram
    make = CounterMetricFamily if figure.kind is MetricKind.COUNTER else GaugeMetricFamily
    family = make(name, figure.help, labels=figure.labels)
    for labels, value in figure.samples:
        family.add_metric(labels, value)
    return family
