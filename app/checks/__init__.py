"""Ways to probe a host, one file each; importing this package registers them all."""

import sys

from app.checks.base import CHECK_TYPES, CheckType
from app.platform.registry import import_modules

import_modules(sys.modules[__name__])

__all__ = ["CHECK_TYPES", "CheckType"]
