"""Checks of the rows that a list has, and of what comes with them. What each is about: table.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from tap_incident.api.answers import Row, sent_at
from tap_incident.api.rate import read_limits
from tap_incident.assumptions.probe import Check, Finding, Probe, Untold
from tap_incident.errors import Forbidden, MissingPermission
from tap_incident.streams import BY_NAME, Params, Stream
from tap_incident.timestamps import instant

_HIDDEN, _HIDDEN_MODES = ("declined", "canceled", "merged"), ("test", "tutorial")
_FEW = 3
_A_MINUTE = timedelta(minutes=1)


def _hidden(is_hidden: Callable[[Row], bool], params: Params, *, all_are: bool = True) -> Check:
    """A check that such rows come with these parameters, and only with them; `all_are`: without others."""

    def check(probe: Probe, stream: Stream) -> Finding:
        found = [is_hidden(row) for row in probe.page(stream, *params, plain=True).rows]
        if any(map(is_hidden, probe.page(stream, plain=True).rows)):
            return Finding(holds=False, if_not="they come without it")
        if not any(found) and not (found and all_are):
            raise Untold
        return Finding(all(found) or not all_are, "it is ignored")

    return check


def _work_streams(probe: Probe, stream: Stream) -> Finding:
    row = probe.page(stream, ("incident_mode", "stream")).rows[0]
    return Finding(not probe.page(stream, ("incident_id", str(row["incident_id"]))).rows, "they come without it")


def _notes(probe: Probe, notes: Stream) -> Finding:
    found = {}
    for value in ("true", "false"):
        alerts = probe.page(BY_NAME["alerts"], ("has_notes[is]", value)).rows[:2]
        found[value] = [bool(probe.page(notes, ("alert_id", str(row["id"]))).rows) for row in alerts]
    if not found["true"] and not any(found["false"]):
        raise Untold
    return Finding(all(found["true"]) and not any(found["false"]), "it finds other alerts")


def _group_notes(probe: Probe, notes: Stream) -> Finding:
    grouped = [row for row in probe.page(BY_NAME["alerts"]).rows if row.get("alert_group_ids")]
    for alert in grouped[:_FEW]:
        of_group = probe.page(notes, ("alert_group_id", str(alert["alert_group_ids"][0]))).rows
        if of_group:
            own = probe.page(notes, ("alert_id", str(alert["id"]))).rows
            return Finding(not any(row in own for row in of_group), "it comes with the alert too")
    raise Untold


def _incident_changes(probe: Probe, stream: Stream) -> Finding:
    newest = ("sort_by", "created_at_newest_first")
    later = []
    for incident in probe.page(BY_NAME["incidents"], newest, plain=True).rows[:_FEW]:
        rows = probe.page(stream, ("incident_id", str(incident["id"]))).rows
        changes = [instant(row.get("updated_at", row.get("created_at")))[0] for row in rows]
        later += [max(changes) - instant(incident.get("updated_at"))[0]] if changes else []
    if any(each > _A_MINUTE for each in later):
        return Finding(holds=False, if_not="the incident does not change")
    if len(later) < _FEW or min(later) < -_A_MINUTE:
        raise Untold
    return Finding(holds=True)


def _next_shifts(probe: Probe, stream: Stream) -> Finding:
    size = stream.page_size or 0
    small, large = (
        any(row.get("next_shifts") for row in probe.page(stream, size=rows).rows) for rows in (size, 2 * size)
    )
    if not small:
        raise Untold
    return Finding(not large, "on larger pages too")


def _organisation(probe: Probe, identity: Stream) -> Finding:
    key = probe.page(identity).rows[0]["identity"]
    return Finding(isinstance(key, dict) and bool(key.get("dashboard_url")))


def _total(probe: Probe, stream: Stream) -> Finding:
    page = probe.page(stream)
    return Finding(page.total is not None and page.total >= len(page.rows))


def _limits(probe: Probe, stream: Stream) -> Finding:
    probe.page(stream)
    quotas, own = read_limits(probe.client.headers[stream.path]).quotas, stream.requests_per_minute
    seen = "no limits" if not quotas else "a lower limit" if len(quotas) > 1 else "only the limit of the key"
    return Finding(bool(quotas) and [quota.limit for quota in quotas[1:]] == ([own] if own else []), seen)


def _date(probe: Probe, stream: Stream) -> Finding:
    probe.page(stream)
    return Finding(sent_at(probe.client.headers[stream.path]) is not None)


def _refusal(probe: Probe, stream: Stream) -> Finding:
    try:
        probe.page(stream)
    except MissingPermission as error:
        return Finding(error.scope == stream.scope, "another permission" if error.scope else "no permission")
    except Forbidden:
        return Finding(holds=False, if_not="no permission")
    raise Untold


CHECKS: Mapping[str, Check] = {
    "hidden-categories": _hidden(
        lambda row: (row.get("incident_status") or {}).get("category") in _HIDDEN,
        tuple(("status_category[one_of]", each) for each in _HIDDEN),
    ),
    "hidden-modes": _hidden(
        lambda row: row.get("mode") in _HIDDEN_MODES, tuple(("mode[one_of]", each) for each in _HIDDEN_MODES)
    ),
    "inactive-users": _hidden(
        lambda row: row.get("is_active") is False, (("include_inactive", "true"),), all_are=False
    ),
    "work-streams": _work_streams,
    "notes": _notes,
    "group-notes": _group_notes,
    "incident-changes": _incident_changes,
    "next-shifts": _next_shifts,
    "organisation": _organisation,
    "total": _total,
    "rate-limits": _limits,
    "date": _date,
    "refusals": _refusal,
}
