"""Persistence. Importing the package imports every model, so that the metadata is complete."""

import sys

from app.platform.registry import import_modules

import_modules(sys.modules[__name__])
