-- A model whose summary in the catalog violates the contract.
-- Reads: staging.catalog_rejected.
select
    model_id,
    'summary in the catalog was rejected: ' || message as detail
from staging.catalog_rejected;
