"""The screens of the console, and how a test opens one."""

from urllib.parse import urlsplit

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
# What somebody who is not signed in sees.
ENTRANCES = {
    "sign-in": "/sign-in",
    "sign-up": "/sign-up",
    "forgotten password": "/forgot-password",
    "new password": "/reset-password",
    "invitation": "/invitation",
}


def address(product, path):
    made = {kind: next(iter(names.values())) for kind, names in product.sample.ids.items()}
    return f"http://127.0.0.1:{product.port}{path.format(**made)}"


COUNT_REQUESTS = """(() => {
  const ask = window.fetch;
  window.requestsUnderWay = 0;
  window.fetch = (...given) => {
    window.requestsUnderWay += 1;
    return ask(...given).finally(() => (window.requestsUnderWay -= 1));
  };
})()"""
# A screen that has read something may read more of it, after it was drawn: so thrice in a row.
_READ = """() => new Promise((resolve, reject) => {
  const end = Date.now() + 240000;
  let quiet = 0;
  const look = () => {
    const busy = window.requestsUnderWay || document.querySelector('[aria-busy=true]')
      || !document.querySelector('h1');
    quiet = busy ? 0 : quiet + 1;
    if (Date.now() > end) reject(new Error('not idle: ' + document.body.innerText.slice(0, 200)));
    else if (quiet < 3) setTimeout(look, 40);
    else resolve();
  };
  look();
})"""
_GO = """async (path) => {
  const app = document.querySelector('script[type=module]').src;
  const { go } = await import(app.replace('app.mjs', 'store/route.mjs'));
  await go(path);
  await new Promise(requestAnimationFrame);
}"""


def hosts_of(tab):
    """Names of the servers that a tab asks from now on.

    For tests that need them alone: a page has many requests, and to be told of each costs.
    """
    found = set()
    tab.on("request", lambda asked: found.add(urlsplit(asked.url).hostname))
    return found


def show(tab, url):
    """Load an address, and wait until nothing is being read any more."""
    tab.goto(url)
    wait_until_idle(tab)


def move(tab, url):
    """Go to an address as a link within the console does, without loading the page again."""
    go(tab, url)
    wait_until_idle(tab)


def go(tab, url):
    """Go there, and wait for nothing."""
    tab.evaluate(_GO, url)


def wait_until_idle(tab):
    """Wait until a screen is there and nothing is being read any more."""
    tab.evaluate(_READ)
