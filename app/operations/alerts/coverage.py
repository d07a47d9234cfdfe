"""Coverage of an organization: of which failures nobody would be notified now, and why."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.messages.events import is_at_least, wanted
from app.domain.rules.coverage import SENTENCES, AlertReach, GapReason, detects_outages, gap
from app.models.escalation_policies import EscalationPolicy
from app.models.heartbeats import Heartbeat
from app.models.notification_channels import NotificationChannel
from app.models.services import Service
from app.operations.escalation import recipients as escalation_recipients
from app.operations.snapshots.alerting import Rule, alerting_snapshots
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction, transaction

_FIRED = "alert.fired"
_FAILING = "The last message to it failed."


def coverage(organization_id: UUID) -> dict[str, Any]:
    """Return how many active services and heartbeats somebody would hear of, and for each other
    one, each rule that tells nobody and each channel that fails, why."""
    with transaction() as tx:
        recipients = _Recipients(tx, organization_id)
        rules = alerting_snapshots(tx, {organization_id})[organization_id].rules
        services = tx.session.execute(
            select(Service.id, Service.name, Service.tags, Service.escalation_policy_id)
            .where(Service.organization_id == organization_id, Service.is_active)
            .order_by(Service.name, Service.id)
        ).all()
        heartbeats = tx.session.scalars(
            select(Heartbeat)
            .where(Heartbeat.organization_id == organization_id, Heartbeat.is_active)
            .order_by(Heartbeat.name, Heartbeat.id)
        ).all()
        gaps = [
            *_gaps(
                "service", ((s.id, s.name, _of_service(recipients, rules, s)) for s in services)
            ),
            *_gaps("heartbeat", ((h.id, h.name, _of_heartbeat(recipients, h)) for h in heartbeats)),
            *_gaps("rule", ((rule.id, rule.name, _of_rule(recipients, rule)) for rule in rules)),
            *(
                _gap("channel", channel.id, channel.name, "failing", _FAILING)
                for channel in recipients.channels
                if channel.consecutive_failures
            ),
        ]
    return {
        "services": _counts("service", len(services), gaps),
        "heartbeats": _counts("heartbeat", len(heartbeats), gaps),
        "channels_enabled": len(recipients.channels),
        "gaps": gaps,
    }


class _Recipients:
    """Recipients that alerts of an organization would reach now; each query is made once."""

    def __init__(self, tx: Transaction, organization_id: UUID) -> None:
        self._tx, self._organization_id, self._now = tx, organization_id, tx.now()
        self._has_mail = bool(runtime().config.smtp_url)
        self.channels = tx.session.scalars(
            select(NotificationChannel)
            .where(
                NotificationChannel.organization_id == organization_id,
                NotificationChannel.is_enabled,
            )
            .order_by(NotificationChannel.name, NotificationChannel.id)
        ).all()
        policies = tx.session.scalars(
            select(EscalationPolicy).where(EscalationPolicy.organization_id == organization_id)
        ).all()
        self._policies = {policy.id: policy for policy in policies}
        self._default = next((policy.id for policy in policies if policy.is_default), None)
        self._known: dict[tuple[UUID, str], AlertReach] = {}

    def reach(
        self, channel_ids: Iterable[UUID], severity: str, policy_id: UUID | None
    ) -> AlertReach:
        """Return whom an alert reaches by its channels (none named: all) and by escalation."""
        named = frozenset(channel_ids)
        told = [c for c in self.channels if not named or c.id in named]
        return min(
            self._by_channels(told, severity),
            self._by_policy(policy_id or self._default, severity),
            key=list(AlertReach).index,
        )

    def _by_channels(self, channels: Iterable[NotificationChannel], severity: str) -> AlertReach:
        told = [
            channel
            for channel in channels
            if _FIRED in wanted(channel.events)
            and is_at_least(severity, channel.min_severity)
            and (self._has_mail or channel.type != "email")
        ]
        if not told:
            return AlertReach.NOBODY
        healthy = any(channel.consecutive_failures == 0 for channel in told)
        return AlertReach.SOMEBODY if healthy else AlertReach.FAILING

    def _by_policy(self, policy_id: UUID | None, severity: str) -> AlertReach:
        policy = self._policies.get(policy_id) if policy_id else None
        if policy is None:
            return AlertReach.NOBODY
        key = (policy.id, severity)
        if key not in self._known:
            reaches = [self._by_line(line, severity) for line in policy.rules]
            self._known[key] = min(reaches, key=list(AlertReach).index, default=AlertReach.NOBODY)
        return self._known[key]

    def _by_line(self, line: dict[str, Any], severity: str) -> AlertReach:
        target = UUID(line["notify_id"])
        if line["notify_type"] == "channel":
            return self._by_channels([c for c in self.channels if c.id == target], severity)
        people = escalation_recipients.recipients(
            self._tx,
            self._organization_id,
            line["notify_type"],
            target,
            _FIRED,
            severity,
            self._now,
        )
        reachable = [
            person
            for person in people
            if self._has_mail or (person.contact or {}).get("type") != "email"
        ]
        return AlertReach.SOMEBODY if reachable else AlertReach.NOBODY


def _of_service(recipients: _Recipients, rules: Iterable[Rule], service: Any) -> GapReason | None:
    return gap(
        [
            (
                detects_outages(rule.condition),
                recipients.reach(
                    rule.channel_ids, rule.severity, rule.policy_id or service.escalation_policy_id
                ),
            )
            for rule in rules
            if (rule.service_id == service.id)
            or (rule.service_id is None and (not rule.tags or rule.tags & set(service.tags)))
        ]
    )


def _of_heartbeat(recipients: _Recipients, heartbeat: Heartbeat) -> GapReason | None:
    reach = recipients.reach(
        heartbeat.notification_channel_ids, heartbeat.severity, heartbeat.escalation_policy_id
    )
    return gap([(True, reach)])


def _of_rule(recipients: _Recipients, rule: Rule) -> GapReason | None:
    return gap([(True, recipients.reach(rule.channel_ids, rule.severity, rule.policy_id))])


def _gaps(kind: str, found: Iterable[tuple[UUID, str, GapReason | None]]) -> list[dict[str, Any]]:
    return [_gap(kind, id, name, why, SENTENCES[why]) for id, name, why in found if why is not None]


def _gap(kind: str, id: UUID, name: str, reason: str, text: str) -> dict[str, Any]:
    return {"kind": kind, "id": id, "name": name, "reason": reason, "text": text}


def _counts(kind: str, total: int, gaps: list[dict[str, Any]]) -> dict[str, int]:
    return {"total": total, "covered": total - sum(found["kind"] == kind for found in gaps)}
