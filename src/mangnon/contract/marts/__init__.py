"""What BI sees: the views of the marts, and their Vietnamese words."""
