"""The QR code of the second factor: a picture of the address, and of nothing else."""

import re
from urllib.parse import unquote

import pytest
import segno

from app.domain.accounts.totp import qr_code, setup_uri

PREFIX = "data:image/svg+xml"
BORDER = 4  # modules of white around the symbol: ISO/IEC 18004, 9.1


def picture(uri):
    """Return the width of the picture in modules, and its dark modules as {(row, column)}."""
    svg = unquote(qr_code(uri).partition(",")[2])
    (width,) = re.findall(r"viewBox='0 0 (\d+) \1'", svg)
    (line,) = re.findall(r"class='qrline'[^>]* d='([^']+)'", svg)
    dark, row, column = set(), 0.0, 0.0
    for kind, numbers in re.findall(r"([Mmhv])([-0-9. ]+)", line):
        if kind == "M":
            column, row = (float(each) for each in re.findall(r"-?[\d.]+", numbers))
        elif kind == "m":
            across, down = (float(each) for each in re.findall(r"-?[\d.]+", numbers))
            column, row = column + across, row + down
        else:
            length = int(numbers)
            dark |= {(int(row), int(column) + at) for at in range(length)}
            column += length
    return int(width), dark


@pytest.mark.parametrize("email", ["a@example.com", "o" * 60 + "@" + "b" * 180 + ".example"])
def test_a_picture_holds_the_whole_address(email):
    uri = setup_uri("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", email, "AlertifyPro")
    assert qr_code(uri).startswith(PREFIX)
    width, dark = picture(uri)
    symbol = segno.make_qr(uri, error="m", boost_error=False)
    size = symbol.symbol_size(border=0)[0]
    assert width == size + 2 * BORDER
    wanted = {
        (row + BORDER, column + BORDER)
        for row, line in enumerate(symbol.matrix)
        for column, module in enumerate(line)
        if module
    }
    assert dark == wanted


def test_white_is_painted_for_a_page_that_is_dark():
    svg = unquote(qr_code("otpauth://totp/x").partition(",")[2])
    assert "fill='#fff'" in svg
    assert "<script" not in svg
