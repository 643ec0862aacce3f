"""What people are paid for being on call.

Paths, parameters, `page_size` maxima and scopes: the API's OpenAPI document.
"""

from __future__ import annotations

from tap_incident.streams.definition import Stream

PAY: tuple[Stream, ...] = (
    Stream(
        "pay_configs",
        "/v2/pay_configs",
        "Rates of pay for being on call, by time of the week and for special days",
        "schedule_pay_configs.view",
        page_size=250,
        selected_by_default=False,
    ),
    Stream(
        "pay_reports",
        "/v2/pay_reports",
        "Complete pay reports: days, schedules, hours, and pay per currency",
        "schedule_reports.view",
        page_size=50,
        selected_by_default=False,
    ),
)
