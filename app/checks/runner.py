"""The fence around every check: owns its time, its exceptions, its measure and its status."""

import logging
from time import perf_counter

from app.checks.base import CHECK_TYPES, CheckFailed, CheckType
from app.checks.deadlines import deadline
from app.checks.evidence import from_trace, one_line, secrets_of
from app.domain.checks.endpoints import BadEndpoint
from app.domain.checks.statuses import grade
from app.domain.masking import hider, mask, needles
from app.domain.types import FailureKind, Observation, Phases, Probe, Status, Target
from app.network.errors import NetworkError
from app.network.network import Network
from app.network.trace import Trace, start_trace
from app.platform import logs

log = logging.getLogger(__name__)
_NO_PHASES = Phases()
# They say nothing about the target.
_OWN = (FailureKind.OWN_LIMIT, FailureKind.OWN_OUTAGE, FailureKind.OWN_FAULT)
_seen_faults: set[tuple[str, str]] = set()


async def run(target: Target, network: Network) -> Observation:
    """Probe once and never raise, but for the caller's own cancellation.

    UNKNOWN means that the monitor itself could not tell: no descriptors, no permission, or a fault
    in the code of the check.
    """
    notes = start_trace()
    if CHECK_TYPES.canonical(target.check_type) != target.check_type:
        sentence = f"this monitor knows no check type {target.check_type}"
        return Observation(
            Status.UNKNOWN, None, one_line(sentence), failure_kind=FailureKind.OWN_FAULT
        )
    check = CHECK_TYPES[target.check_type]
    started = perf_counter()
    try:
        with deadline(target.timeout_seconds) as limit:
            probe = await check.run(target, network)
    except TimeoutError:
        if limit.has_passed:
            sentence = f"timed out after {target.timeout_seconds:g} s while {notes.stage}"
        else:
            sentence = "the connection timed out"
        return _failed(target, check, notes, sentence, FailureKind.TIMED_OUT)
    except CheckFailed as failure:
        probe = Probe(
            ok=False,
            error=str(failure),
            status_code=failure.status_code,
            evidence=failure.evidence,
            failure_kind=failure.kind,
        )
    except BadEndpoint as error:
        sentence = f"the endpoint cannot be used: {error}"
        return _failed(target, check, notes, sentence, FailureKind.CONFIGURATION)
    except NetworkError as error:
        return _failed(target, check, notes, str(error), error.kind)
    except Exception as error:  # the fence: whatever a check does, its worker goes on
        with logs.hiding(hider(_secrets(target, check))):
            _log_once(target, error)
        sentence = f"the check itself failed: {type(error).__name__}"
        return _failed(target, check, notes, sentence, FailureKind.OWN_FAULT)
    elapsed_ms = (perf_counter() - started) * 1000
    measured = probe.response_time_ms
    return _observation(target, check, notes, probe, elapsed_ms if measured is None else measured)


def _observation(
    target: Target, check: CheckType, notes: Trace, probe: Probe, response_time_ms: float
) -> Observation:
    response_time_ms = round(response_time_ms, 2)  # finer figures of a network are noise
    status = grade(probe, response_time_ms, target.slow_threshold_ms)
    phases = probe.phases or notes.phases or _NO_PHASES
    certificate = probe.certificate or notes.certificate
    if status is Status.GREEN:
        return Observation(
            status=status,
            response_time_ms=response_time_ms,
            status_code=probe.status_code,
            phases=phases,
            certificate=certificate,
            body_texts=probe.body_texts,
        )
    reason, kind = probe.error or probe.warning, None
    if not probe.ok:
        kind = probe.failure_kind or FailureKind.ASSERTION
    if reason is None:
        slow, limit = round(response_time_ms), target.slow_threshold_ms
        reason = f"slow: answered after {slow} ms, expected within {limit} ms"
    observation = Observation(
        status=status,
        response_time_ms=response_time_ms,
        error=reason,
        status_code=probe.status_code,
        phases=phases,
        evidence=None if probe.ok else {**from_trace(notes), **(probe.evidence or {})},
        certificate=certificate,
        body_texts=probe.body_texts,
        failure_kind=kind,
    )
    return _clean(observation, target, check, notes)


def _failed(
    target: Target, check: CheckType, notes: Trace, sentence: str, kind: FailureKind
) -> Observation:
    observation = Observation(
        status=Status.UNKNOWN if kind in _OWN else Status.RED,
        response_time_ms=None,
        error=sentence,
        phases=notes.phases or _NO_PHASES,
        evidence={"stage": notes.stage, **from_trace(notes)},
        certificate=notes.certificate,
        failure_kind=kind,
    )
    return _clean(observation, target, check, notes)


def _clean(observation: Observation, target: Target, check: CheckType, notes: Trace) -> Observation:
    forms = needles([*_secrets(target, check), *notes.secrets])
    return observation._replace(
        error=one_line(mask(observation.error, forms)),
        evidence=mask(observation.evidence, forms),
    )


def _secrets(target: Target, check: CheckType) -> list[str]:
    return [*secrets_of(check.config_schema, target.config), *target.secrets]


def _log_once(target: Target, error: Exception) -> None:
    fault = (target.check_type, type(error).__name__)
    if fault not in _seen_faults:
        _seen_faults.add(fault)
        log.exception("the %s check failed by itself: %s", *fault)
