-- Hash of a score's benchmark name, numbers, evidence and source. A new hash begins a new row in
-- history.scores.
-- Reads: nothing.
-- Values are serialized as in staging.offer_hash.
create or replace macro staging.score_hash(
    benchmark_name, score, max_score, normalized_score, is_self_reported, is_verified,
    source_url
) as
    md5(
        coalesce(cast(length(benchmark_name) as varchar) || ':' || benchmark_name, chr(30)) || chr(31)
        || coalesce(cast(score + 0.0 as varchar), chr(30)) || chr(31)
        || coalesce(cast(max_score + 0.0 as varchar), chr(30)) || chr(31)
        || coalesce(cast(normalized_score + 0.0 as varchar), chr(30)) || chr(31)
        || coalesce(cast(is_self_reported as varchar), chr(30)) || chr(31)
        || coalesce(cast(is_verified as varchar), chr(30)) || chr(31)
        || coalesce(cast(length(source_url) as varchar) || ':' || source_url, chr(30))
    );

comment on macro staging.score_hash is 'Hash of the benchmark name, the numbers, the evidence and the source of a score';
