-- Prefix of every finding about an offer in marts.data_quality: `provider p, offer 1: `.
-- Reads: nothing.
create or replace macro staging.offer_label(provider_id, offer_number) as
    ('provider ' || provider_id || ', offer ' || cast(offer_number as varchar) || ': ');

comment on macro staging.offer_label is 'Prefix of every finding about an offer in marts.data_quality';
