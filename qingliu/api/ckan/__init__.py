"""The CKAN dialect: the reading half of CKAN's action API over the published catalogue and its rows."""
