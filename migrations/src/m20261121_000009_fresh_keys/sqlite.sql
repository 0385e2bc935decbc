-- Columns as in event_keys, to where these are moved in bulk.
CREATE TABLE fresh_keys (
    place      INTEGER NOT NULL PRIMARY KEY,
    company_id BIGINT  NOT NULL,
    source_id  BIGINT  NOT NULL,
    key_hash   BIGINT  NOT NULL,
    key_check  BIGINT  NOT NULL,
    body_hash  BIGINT  NOT NULL,
    event_id   BIGINT  NOT NULL,
    deliveries BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL
);
