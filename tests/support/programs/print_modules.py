"""Import modules and print the names of all loaded modules: `print_modules.py MODULE...`."""

from __future__ import annotations

import importlib
import sys

for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sys.modules)
