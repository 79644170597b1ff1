"""data.gov.tw metadata of a dataset: the 38 fields of edition 104, the edition in use since 2023, and the row of its export."""
