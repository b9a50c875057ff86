-- Prefix of every finding about a provider in marts.data_quality: `provider p: `.
-- Reads: nothing.
create or replace macro staging.provider_label(provider_id) as
    ('provider ' || provider_id || ': ');

comment on macro staging.provider_label is 'Prefix of every finding about a provider in marts.data_quality';
