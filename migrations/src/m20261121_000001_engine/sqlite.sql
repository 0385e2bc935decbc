-- Ids and times are 64-bit integers: ids as domain::id lays them out, times in microseconds since
-- 1970 UTC. JSON is text, payloads and whatever a receiver answered are bytes.

CREATE TABLE companies (
    id             INTEGER NOT NULL PRIMARY KEY,
    name           TEXT   NOT NULL,
    -- Grows with every change that ingest or sending must see: endpoints, tokens, switches.
    config_version BIGINT NOT NULL DEFAULT 1,
    created_at     BIGINT NOT NULL
);

CREATE TABLE users (
    id                INTEGER NOT NULL PRIMARY KEY,
    email             TEXT   NOT NULL,           -- as it was written
    email_key         TEXT   NOT NULL UNIQUE,    -- lower case, for looking up
    name              TEXT   NOT NULL DEFAULT '',
    password_hash     TEXT,                      -- argon2, NULL until one is chosen
    email_verified_at BIGINT,
    created_at        BIGINT NOT NULL
);

CREATE TABLE members (
    company_id BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    role       TEXT   NOT NULL,                  -- owner, admin, developer, viewer
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, user_id)
) WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id);

CREATE TABLE api_tokens (
    id           INTEGER NOT NULL PRIMARY KEY,
    company_id   BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    token_hash   BLOB   NOT NULL UNIQUE,         -- SHA-256 of the whole token
    hint         TEXT   NOT NULL,                -- its last characters, to tell tokens apart
    scopes       TEXT   NOT NULL,                -- JSON array
    expires_at   BIGINT,
    revoked_at   BIGINT,
    last_used_at BIGINT,
    created_at   BIGINT NOT NULL
);
CREATE INDEX api_tokens_company ON api_tokens (company_id, id);

CREATE TABLE endpoints (
    id              BIGINT  NOT NULL PRIMARY KEY,
    company_id      BIGINT  NOT NULL,
    external_key    TEXT,                        -- the caller's own name for it
    url             TEXT    NOT NULL,
    description     TEXT    NOT NULL DEFAULT '',
    event_types     TEXT    NOT NULL,            -- JSON array of selectors
    format          TEXT    NOT NULL DEFAULT 'hookferry',
    wati_version    BIGINT,
    filter          TEXT,                        -- JSON
    phone_number_ids TEXT,                       -- JSON array
    session         TEXT    NOT NULL DEFAULT 'any',
    sealed_headers  BLOB,                        -- JSON object of custom headers, sealed
    sealed_secrets  BLOB    NOT NULL,            -- JSON of the live secrets, sealed
    timeout_ms      BIGINT  NOT NULL,
    acknowledge     TEXT    NOT NULL DEFAULT 'any_2xx',
    schedule        TEXT    NOT NULL,            -- JSON: standard, meta or custom waits
    rate_limit      TEXT,                        -- JSON
    max_in_flight   BIGINT,
    ordered         BIGINT  NOT NULL DEFAULT 0,
    request         BLOB,                        -- an HTTP action's own request, sealed
    -- How a person has switched it: enabled, paused, disabled, gone.
    switch          TEXT    NOT NULL DEFAULT 'enabled',
    held_since      BIGINT,
    held_total_us   BIGINT  NOT NULL DEFAULT 0,
    -- How the engine has found it.
    failures        BIGINT  NOT NULL DEFAULT 0,
    failing_since   BIGINT,
    defective_at    BIGINT,
    epoch           BIGINT  NOT NULL DEFAULT 0,
    last_status     BIGINT,                      -- of the last failed attempt
    last_error      TEXT,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    deleted_at      BIGINT
);
CREATE INDEX endpoints_company ON endpoints (company_id, id);
CREATE UNIQUE INDEX endpoints_external_key ON endpoints (company_id, external_key)
    WHERE external_key IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX endpoints_deleted ON endpoints (deleted_at) WHERE deleted_at IS NOT NULL;

-- Keys by which events are deduplicated: both halves of a SHA-256 stand for the key itself.
CREATE TABLE event_keys (
    company_id BIGINT NOT NULL,
    source_id  BIGINT NOT NULL,                  -- 0 is the REST API
    key_hash   BIGINT NOT NULL,
    key_check  BIGINT NOT NULL,
    body_hash  BIGINT NOT NULL,
    event_id   BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, source_id, key_hash)
) WITHOUT ROWID;

-- Unfinished deliveries, narrow: nothing here but what the engine turns over.
CREATE TABLE pending (
    id             INTEGER NOT NULL PRIMARY KEY,
    company_id     BIGINT NOT NULL,
    endpoint_id    BIGINT NOT NULL,
    event_id       BIGINT NOT NULL,
    due_at         BIGINT NOT NULL,              -- 0: a person asked for it now
    claimed_by     BIGINT NOT NULL DEFAULT 0,    -- a node's incarnation, 0 is nobody
    tries          BIGINT NOT NULL DEFAULT 0,
    tries_before   BIGINT NOT NULL DEFAULT 0,
    schedule_began BIGINT NOT NULL,              -- in the endpoint's running time
    expires_at     BIGINT,
    generation     BIGINT NOT NULL DEFAULT 0,
    canceled       BIGINT NOT NULL DEFAULT 0,    -- canceled while claimed: settlement ends it
    format         BIGINT NOT NULL DEFAULT 0,
    render_version BIGINT NOT NULL DEFAULT 1
);

-- Endpoints that need an owner: failing, limited, ordered, or with a backlog.
CREATE TABLE lanes (
    endpoint_id INTEGER NOT NULL PRIMARY KEY,
    company_id  BIGINT NOT NULL,
    owner       BIGINT NOT NULL DEFAULT 0,       -- a node's incarnation, 0 is nobody
    next_due    BIGINT NOT NULL,
    hold_until  BIGINT NOT NULL DEFAULT 0,       -- a Retry-After holds the whole lane
    version     BIGINT NOT NULL DEFAULT 0        -- grows whenever rows were added for it
);
CREATE INDEX lanes_owner ON lanes (owner, next_due);

CREATE TABLE nodes (
    incarnation  INTEGER NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    slot         BIGINT NOT NULL,                -- of the ids it makes; no two live nodes share one
    started_at   BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    stopping     BIGINT NOT NULL DEFAULT 0
);
-- The last incarnation handed out; never goes back.
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('incarnation', 0);

-- What the deployment must agree on: the check value of the master key, and the like.
CREATE TABLE settings (
    name  TEXT  NOT NULL PRIMARY KEY,
    value BLOB  NOT NULL
);

CREATE TABLE mail_outbox (
    id           INTEGER NOT NULL PRIMARY KEY,
    company_id   BIGINT NOT NULL,
    endpoint_id  BIGINT,
    kind         TEXT   NOT NULL,
    recipient    TEXT   NOT NULL,
    facts        TEXT   NOT NULL,                -- JSON: what the text is made of
    state        TEXT   NOT NULL DEFAULT 'queued', -- queued, sent, undone, failed
    held_back    BIGINT NOT NULL DEFAULT 0,      -- waits for the end of a quiet time
    due_at       BIGINT NOT NULL,
    first_due_at BIGINT NOT NULL,                -- before any retry: quiet times count from it
    claimed_by   BIGINT NOT NULL DEFAULT 0,
    tries        BIGINT NOT NULL DEFAULT 0,
    last_error   TEXT,
    created_at   BIGINT NOT NULL,
    sent_at      BIGINT
);
CREATE INDEX mail_outbox_due ON mail_outbox (due_at, id) WHERE state = 'queued';
CREATE INDEX mail_outbox_company ON mail_outbox (company_id, id);
CREATE INDEX mail_outbox_endpoint ON mail_outbox (endpoint_id, kind, first_due_at);

CREATE TABLE audit_log (
    id         INTEGER NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL,
    actor      TEXT   NOT NULL,                  -- tok_…, usr_…, or cli
    action     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    facts      TEXT   NOT NULL,                  -- JSON, without secrets
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_log_company ON audit_log (company_id, id);

CREATE INDEX pending_due ON pending (endpoint_id, due_at, id) WHERE claimed_by = 0;
CREATE INDEX pending_expiry ON pending (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE events (
    id          INTEGER NOT NULL PRIMARY KEY,
    company_id  BIGINT NOT NULL,
    event_type  TEXT   NOT NULL,
    source_id   BIGINT NOT NULL DEFAULT 0,
    external_id TEXT,
    subject     TEXT,
    occurred_at BIGINT NOT NULL,
    accepted_at BIGINT NOT NULL,
    expires_at  BIGINT,
    session     BLOB,                            -- a snapshot, JSON
    data        BLOB   NOT NULL,                 -- the caller's own bytes
    deliveries  BIGINT NOT NULL                  -- their ids are id + 1 ... id + deliveries
);

CREATE TABLE deliveries (
    id            BIGINT NOT NULL,
    company_id    BIGINT NOT NULL,
    generation    BIGINT NOT NULL,
    endpoint_id   BIGINT NOT NULL,
    event_id      BIGINT NOT NULL,
    state         BIGINT NOT NULL,               -- 1 delivered, 2 exhausted, 3 expired, 4 canceled
    tries         BIGINT NOT NULL,
    tries_before  BIGINT NOT NULL,
    finished_at   BIGINT NOT NULL,
    format        BIGINT NOT NULL,
    render_version BIGINT NOT NULL,
    -- The attempt that finished it, where that was the first of its schedule; else in attempts.
    started_at    BIGINT,
    duration_us   BIGINT,
    status_code   BIGINT,
    error_kind    TEXT,
    error_message TEXT,
    request       BLOB,
    response_head BLOB,
    response_body BLOB,
    truncated     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, id, generation)
);

CREATE TABLE attempts (
    delivery_id   BIGINT NOT NULL,
    company_id    BIGINT NOT NULL,
    number        BIGINT NOT NULL,
    started_at    BIGINT NOT NULL,
    duration_us   BIGINT NOT NULL,
    status_code   BIGINT,
    error_kind    TEXT,
    error_message TEXT,
    request       BLOB   NOT NULL,
    response_head BLOB,
    response_body BLOB,
    truncated     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, delivery_id, number)
);
