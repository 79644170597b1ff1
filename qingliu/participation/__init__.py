"""Requests from the public: questions and error reports on datasets, wishes for missing data, their answers and their clock."""
