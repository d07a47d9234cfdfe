"""Styles of a page's own: what is allowed, and what reading them costs."""

import time

import pytest

from app.domain.status_pages.custom_css import StyleError, clean


def test_rules_are_written_anew():
    css = "\n .brand ,\n.foot:hover{ color: #fff ;\n}\n\n  .day\n{font-size:12px}  \n"
    assert clean(css) == (
        "body .brand, body .foot:hover {color: #fff}\nbody .past h3 {font-size: 12px}"
    )


@pytest.mark.parametrize(
    "css",
    [" " * 20_000 + "x", ".brand" + " " * 20_000, " " * 10_000 + "{" + " " * 10_000, "}" * 20_000],
)
def test_what_is_no_rule_is_refused_in_no_time(css):
    """Blanks once cost the cube of their number: twenty thousand of them stopped a web process."""
    began = time.process_time()
    with pytest.raises(StyleError):
        clean(css)
    assert time.process_time() - began < 1
