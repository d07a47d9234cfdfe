"""The screens of the console, and how a test opens one."""

# Name of what is shown there, and the address; {kind} is an identifier of the sample.
SCREENS = {
    "home": "/",
    "services": "/services",
    "groups of services": "/services?group=tag",
    "tiles": "/services?view=tiles",
    "wall": "/wall",
    "service": "/services/{services}",
    "checks": "/services/{services}?tab=checks",
    "outages": "/services/{services}?tab=outages",
    "rules of a service": "/services/{services}?tab=rules",
    "changes of a service": "/services/{services}?tab=changes",
    "alerts of a service": "/services/{services}?tab=alerts",
    "new service": "/services/new",
    "edit service": "/services/{services}/edit",
    "welcome": "/welcome",
    "alerts": "/alerts",
    "all alerts": "/alerts?tab=all",
    "alert": "/alerts/{alerts}",
    "channels": "/channels",
    "channel types": "/channels/new",
    "new channel": "/channels/new?type=slack",
    "channel": "/channels/{notification-channels}",
    "rules": "/rules",
    "new rule": "/rules/new",
    "rule": "/rules/{alert-rules}",
    "heartbeats": "/heartbeats",
    "new heartbeat": "/heartbeats/new",
    "heartbeat": "/heartbeats/{heartbeats}",
    "edit heartbeat": "/heartbeats/{heartbeats}/edit",
    "on-call": "/on-call",
    "new schedule": "/on-call/new",
    "schedule": "/on-call/{on-call-schedules}",
    "escalation": "/escalation",
    "new policy": "/escalation/new",
    "policy": "/escalation/{escalation-policies}",
    "maintenance": "/maintenance",
    "new window": "/maintenance/new",
    "window": "/maintenance/{maintenance-windows}",
    "certificates": "/certificates",
    "reports": "/reports",
    "locations": "/locations",
    "status pages": "/pages",
    "new page": "/pages/new",
    "page": "/pages/{status-pages}",
    "edit page": "/pages/{status-pages}/edit",
    "maintenance of a page": "/pages/{status-pages}?tab=maintenance",
    "subscribers": "/pages/{status-pages}?tab=subscribers",
    "badges and feeds": "/pages/{status-pages}?tab=share",
    "domain": "/pages/{status-pages}?tab=domain",
    "organization": "/organization",
    "members": "/organization?tab=members",
    "teams": "/organization?tab=teams",
    "keys": "/organization?tab=keys",
    "secrets": "/organization?tab=secrets",
    "audit log": "/organization?tab=audit",
    "import and export": "/organization?tab=file",
    "profile": "/profile",
    "server": "/server",
    "nowhere": "/services/x/y/z",
}


def address(product, path):
    made = {kind: next(iter(names.values())) for kind, names in product.sample.ids.items()}
    return f"http://127.0.0.1:{product.port}{path.format(**made)}"


def show(tab, url):
    """Open an address, and wait until nothing is being read any more."""
    tab.goto(url)
    tab.locator("h1").first.wait_for()
    tab.wait_for_load_state("networkidle")
