"""Publishing: from closed batches to what BI sees, and the decisions that people take about it."""
