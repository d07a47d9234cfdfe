"""Production shape: docker-compose.yml run as it says, without Docker, and what clients see of it.

`make production` needs root, debootstrap, iproute2, nginx and redis-tools; `ARGS=--help` tells
the choices.
"""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
