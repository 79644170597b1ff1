"""The catalogue in the dialects of others: DCAT-AP, schema.org, Data Package, data.gov.tw, sitemap and feed."""
