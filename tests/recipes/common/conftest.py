from tests.support.refine_results import job, shelf

__all__ = ["job", "shelf"]
