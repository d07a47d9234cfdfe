"""What is read out of the most important places, and a list that a newcomer changes."""

import pytest

from tests.console.screens import address, show


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_a_column_is_added_in_one_file_without_a_command(sign_in, expect, product):
    """As a newcomer does it: edit the file, and load the page again."""
    tab = sign_in()
    column = """const COLUMNS = [
  { id: "kind", title: t("Kind"), width: "80px", sort: "kind", cell: (row) => row.check_type },"""

    def edited(route):
        text = route.fetch().text()
        assert "const COLUMNS = [" in text
        body = text.replace("const COLUMNS = [", column)
        route.fulfill(body=body, content_type="text/javascript")

    tab.route("**/screens/services.mjs", edited)
    show(tab, address(product, "/services"))
    expect(tab.get_by_role("columnheader", name="Kind")).to_be_visible()
    cells = tab.locator(".row .cell:nth-child(2)")
    expect(cells.first).to_be_visible()
    assert set(cells.all_inner_texts()) == {"HTTP"}
    assert tab.problems == []


# What is read out of the most important places: roles and names, with what changes left open.
_READ_OUT = {
    "/": """
    - heading "Home" [level=1]
    - paragraph:
      - img "Down"
      - link "One service is down"
      - text: /1 down/
    - heading "One open alert" [level=2]
    - list:
      - listitem:
        - img "Critical"
        - link "Checkout"
        - paragraph: /503/
    """,
    "/services": """
    - heading "Services" [level=1]
    - textbox "Filter services"
    - grid "Services":
      - rowgroup:
        - row /^Checkout, Down since .*503/:
          - gridcell
          - gridcell /Down/
          - gridcell /^Checkout/:
            - link "Checkout"
          - gridcell /last \\d+ checks. \\d+ failed, latest Down/:
            - img /last \\d+ checks. \\d+ failed, latest Down/
    """,
    "/alerts/{alerts}": """
    - link "Alerts"
    - heading "Checkout: Service down" [level=1]
    - button "Snooze"
    - button "Resolve"
    - heading "Why" [level=2]
    - heading "Context" [level=2]
    - heading "Who knows" [level=2]
    - heading "Timeline" [level=2]
    - button "Copy as Markdown"
    - list
    - textbox "Note"
    - button "Add"
    """,
}


@pytest.mark.parametrize("path", _READ_OUT)
def test_what_is_read_out(sign_in, expect, product, path):
    tab = sign_in()
    show(tab, address(product, path))
    expect(tab.locator(".main")).to_match_aria_snapshot(_READ_OUT[path])
