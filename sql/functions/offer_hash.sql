-- Hash of all columns that history.offers compares.
-- Reads: nothing.
-- Null is written as a marker, and fields are separated by a control character. Texts are preceded
-- by their length, because they may contain both. Engines and their versions write numbers
-- differently, so only hashes of the same engine may be compared. Minus zero, which an update cannot
-- turn into zero, counts as zero.
create or replace macro staging.offer_hash(
    provider_name, status, input_usd_per_mtok, output_usd_per_mtok
) as
    md5(
        coalesce(cast(length(provider_name) as varchar) || ':' || provider_name, chr(30)) || chr(31)
        || coalesce(cast(length(status) as varchar) || ':' || status, chr(30)) || chr(31)
        || coalesce(cast(input_usd_per_mtok + 0.0 as varchar), chr(30)) || chr(31)
        || coalesce(cast(output_usd_per_mtok + 0.0 as varchar), chr(30))
    );

comment on macro staging.offer_hash is 'Hash of the compared columns of an offer';
