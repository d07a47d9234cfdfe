"""Make the pictures of README: `make screenshots`. The real product, filled with the sample."""

import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.chromium import FLAGS, WHOLE
from tests.console import sample
from tests.flows.product import PASSWORD, Product

FOLDER = Path(__file__).parent / "pictures"
# Long enough that the last checks and the line of the chart end in the outage.
_OUTAGE_MS = 40_000


def main() -> None:
    """Write services.png and alert.png."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-pictures-") as folder,
        Product(Path(folder)) as product,
        sample.shop() as running,
        sync_playwright() as playwright,
    ):
        product.ready()
        made = sample.fill(product, running)
        browser = playwright.chromium.launch(executable_path=str(WHOLE), args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 640})
        home = f"http://127.0.0.1:{product.port}"
        _sign_in(page, home)
        page.wait_for_timeout(_OUTAGE_MS)
        _shoot(page, f"{home}/services", "light", FOLDER / "services.png")
        alert = f"{home}/alerts/{made.ids['alerts']['Checkout']}"
        _shoot(page, alert, "dark", FOLDER / "alert.png")
        browser.close()


def _sign_in(page: Page, home: str) -> None:
    page.goto(f"{home}/sign-in")
    page.get_by_label("E-mail address").fill(sample.OWNER[0])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".frame").wait_for()


def _shoot(page: Page, address: str, theme: str, target: Path) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    page.evaluate("document.activeElement?.blur()")
    target.parent.mkdir(exist_ok=True)
    page.screenshot(path=str(target))
    print(f"{target.name}: {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
