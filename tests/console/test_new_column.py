"""A list that a newcomer changes."""

import pytest

from tests.console.screens import address, show


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_a_column_is_added_in_one_file_without_a_command(sign_in, expect, product):
    """As a newcomer does it: edit the file, and load the page again."""
    tab = sign_in(is_new=True)
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
