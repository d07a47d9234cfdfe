"""A tab of the console as soaks open it: signed in, on the list, with what measures it."""

from typing import Any

from playwright.sync_api import Page

from tests.flows.product import PASSWORD, Product

_BATCH = 500
# From the key, by the clock of its event, to the frame after the one that its change is drawn in.
WATCH_KEYS = """() => {
  window.painted = [];
  addEventListener('keydown', (event) => {
    const began = event.timeStamp;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.painted.push(performance.now() - began);
      port2.postMessage(null);
    });
  }, true);
}"""
WATCH_FRAMES = """() => {
  const seen = (window.soak = { frames: [], long: [], last: performance.now() });
  const frame = (now) => {
    seen.frames.push(now - seen.last);
    seen.last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const count = (list) => list.getEntries().forEach((each) => seen.long.push(each.duration));
  new PerformanceObserver(count).observe({ type: "longtask" });
}"""
TAKE_FRAMES = """() => {
  const { frames, long } = window.soak;
  Object.assign(window.soak, { frames: [], long: [] });
  return { frames, long };
}"""


def make_services(product: Product, count: int, endpoint: str, **fields: Any) -> None:
    """Create so many services, whose addresses are `endpoint` and their numbers."""
    for begin in range(0, count, _BATCH):
        services = [
            {
                "key": f"service-{at}",
                "name": f"Service {at}",
                "endpoint": f"{endpoint}{at}",
                "check_type": "HTTP",
                "tags": [f"team-{at % 20}", "eu"],
                **fields,
            }
            for at in range(begin, min(begin + _BATCH, count))
        ]
        product.call("POST", "/config/apply", {"version": 1, "services": services})


def sign_in(page: Page, product: Product) -> None:
    """Sign in as the one who has registered."""
    page.goto(f"http://127.0.0.1:{product.port}/sign-in")
    page.get_by_label("E-mail address").fill("me@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".frame").wait_for()


def type_and_erase(page: Page, label: str, text: str) -> list[float]:
    """Type into a field and empty it again; return the milliseconds from each key to its paint."""
    page.evaluate("window.painted = []")
    page.get_by_label(label).focus()
    for at in range(len(text) * 2):
        page.keyboard.press(text[at] if at < len(text) else "Backspace")
        page.wait_for_timeout(60)
    painted: list[float] = page.evaluate("window.painted")
    return painted
