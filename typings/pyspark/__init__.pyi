"""As much of PySpark as is used, so that types are the same with and without it."""

class SparkConf:
    def get(self, key: str, defaultValue: str) -> str: ...
    def contains(self, key: str) -> bool: ...

class SparkContext:
    @classmethod
    def _ensure_initialized(cls) -> None: ...

class StorageLevel:
    DISK_ONLY: StorageLevel
