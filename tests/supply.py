"""Lists for whoever must know what is inside: `make licenses`, `make sbom`.

Both are of `requirements.lock`, what is installed in production.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
LICENSES = ROOT / "THIRD_PARTY_LICENSES.md"
SBOM = ROOT / "sbom.cdx.json"
HEAD = """# Licences of what AlertifyPro brings along

Made by `make licenses`, of `requirements.lock`.

Fonts in `app/pages/fonts`, each with its licence beside it: DejaVu Sans 2.37 (Bitstream Vera
licence, changes in the public domain) and Droid Sans Fallback (Apache License 2.0).

"""


def locked() -> list[str]:
    """Return the names of the packages in the lock."""
    return re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", LOCK.read_text(), re.MULTILINE)


def licenses() -> None:
    """Write the list of licences."""
    command = ["piplicenses", "--from=mixed", "--format=markdown", "--with-urls", "--order=name"]
    made = subprocess.run(
        [sys.executable, "-m", *command, "--packages", *locked()],
        check=True,
        capture_output=True,
        text=True,
    )
    LICENSES.write_text(HEAD + made.stdout)


def sbom() -> None:
    """Write the software bill of materials."""
    command = ["cyclonedx_py", "requirements", str(LOCK), "--of", "JSON", "-o", str(SBOM)]
    subprocess.run([sys.executable, "-m", *command], check=True)


if __name__ == "__main__":
    {"licenses": licenses, "sbom": sbom}[sys.argv[1]]()
