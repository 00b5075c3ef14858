"""`BOTHWAYS_<NAME>_FILE`: a secret that comes in a file instead of the environment."""

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource


class SecretFiles(PydanticBaseSettingsSource):
    """A settings source that reads the file named by `<PREFIX><NAME>_FILE`, without its last line break."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value for one setting, from its file where one is named."""
        path = os.environ.get(f"{self.config['env_prefix']}{field_name.upper()}_FILE")
        return (Path(path).read_text(encoding="utf-8").rstrip("\n") if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Every setting that a file was named for."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}
