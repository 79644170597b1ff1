"""What makes a dataset bilingual, as functions over frozen values."""
