"""`Document` to records: knows budgets, never sees HTML or PDF."""
