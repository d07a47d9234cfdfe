"""Where the providers with a fixed address live; tests put their own servers in these places."""

from collections.abc import Mapping
from types import MappingProxyType

ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {
        "opsgenie.us": "https://api.opsgenie.com",
        "opsgenie.eu": "https://api.eu.opsgenie.com",
        "opsgenie.jsm": "https://api.atlassian.com/jsm/ops/integration",
        "pagerduty.us": "https://events.pagerduty.com",
        "pagerduty.eu": "https://events.eu.pagerduty.com",
        "pushover": "https://api.pushover.net",
        "telegram": "https://api.telegram.org",
        "twilio": "https://api.twilio.com",
    }
)
