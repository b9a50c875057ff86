-- From schema version 6 to 7: ETag and Last-Modified of each record, for conditional requests.

alter table raw.models add column etag varchar;
alter table raw.models add column last_modified varchar;
alter table raw.fetches add column summary_hash varchar;
