"""Which jobs belong to a document, and which to each other."""

from __future__ import annotations

from app.jobs.under_way import Job, UnderWay
from editor.document import Document


def test_jobs_are_found_by_document_and_by_what_was_asked_for_together() -> None:
    one, other = Document(4, 4), Document(4, 4)
    jobs = UnderWay()
    group = jobs.new_group()
    assert jobs.new_group() != group
    for number, (document, live, together) in enumerate(
        [(one, False, 0), (one, False, group), (other, False, 0), (one, True, 0), (one, False, group)], 1
    ):
        jobs.add(number, Job(document, document.snapshot(), None, live, together))
    assert jobs.of(one) == [1, 2, 4, 5]
    assert jobs.of(one, live=False) == [1, 2, 5]
    assert jobs.of(one, live=True) == [4]
    assert jobs.together(1) == [1]  # 0 is no group
    assert jobs.together(2) == [5, 2]
    job = jobs.pop(2)
    assert job is not None
    assert job.group == group
    assert jobs.pop(2) is jobs.get(2) is None
    assert list(jobs) == [1, 3, 4, 5]
