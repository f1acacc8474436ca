from conftest_export import job, shelf

__all__ = ["job", "shelf"]
