-- Hash of an offer's provider name, status and prices. A new hash begins a new row in
-- history.offers.
-- Reads: nothing.
-- A marker represents null, and a control character separates the fields. The length precedes each
-- string, because a string may contain the marker or the separator. Engines and their versions
-- format numbers differently, so only hashes of the same engine and version are comparable. Minus
-- zero is hashed as zero, because old rows may store minus zero. DuckDB's `update` cannot replace
-- minus zero, because `update` skips equal values.
create or replace macro staging.offer_hash(
    provider_name, status, input_usd_per_mtok, output_usd_per_mtok
) as
    md5(
        coalesce(cast(length(provider_name) as varchar) || ':' || provider_name, chr(30)) || chr(31)
        || coalesce(cast(length(status) as varchar) || ':' || status, chr(30)) || chr(31)
        || coalesce(cast(input_usd_per_mtok + 0.0 as varchar), chr(30)) || chr(31)
        || coalesce(cast(output_usd_per_mtok + 0.0 as varchar), chr(30))
    );

comment on macro staging.offer_hash is 'Hash of the provider name, the status and the prices of an offer';
