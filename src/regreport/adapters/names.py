"""The rules for names of model.names, under the roof of the adapters that write files."""

from __future__ import annotations

from regreport.model.names import NAME_BYTES_MAX, name_fault, safe_name, safe_path

__all__ = ["NAME_BYTES_MAX", "name_fault", "safe_name", "safe_path"]
