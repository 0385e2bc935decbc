-- People: logins, links that are mailed, invitations, throttles.

ALTER TABLE users ADD COLUMN password_changed_at BIGINT;
-- Whoever is there by now was brought by the operator, who vouches for the address.
UPDATE users SET email_verified_at = created_at WHERE email_verified_at IS NULL;

CREATE TABLE logins (
    id         INTEGER NOT NULL PRIMARY KEY,
    user_id    BIGINT NOT NULL,
    token_hash BLOB   NOT NULL UNIQUE,           -- SHA-256 of the cookie's value
    address    TEXT   NOT NULL,                  -- from where, when it was made
    user_agent TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX logins_user ON logins (user_id, id);
CREATE INDEX logins_expiry ON logins (expires_at);

-- A link to an account that was mailed, good for one use.
CREATE TABLE account_links (
    id         INTEGER NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,                  -- verify_email, reset_password, change_email
    user_id    BIGINT NOT NULL,
    email      TEXT   NOT NULL,                  -- the address it proves
    token_hash BLOB   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX account_links_user ON account_links (user_id, kind);
CREATE INDEX account_links_expiry ON account_links (expires_at);

CREATE TABLE invitations (
    id          INTEGER NOT NULL PRIMARY KEY,
    company_id  BIGINT NOT NULL,
    email       TEXT   NOT NULL,
    email_key   TEXT   NOT NULL,
    role        TEXT   NOT NULL,
    token_hash  BLOB   NOT NULL UNIQUE,
    invited_by  TEXT   NOT NULL,                 -- usr_…, tok_… or cli
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    accepted_at BIGINT,
    revoked_at  BIGINT
);
CREATE INDEX invitations_company ON invitations (company_id, id);
CREATE UNIQUE INDEX invitations_open ON invitations (company_id, email_key)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;

-- Failed logins and the like, counted by the hash of whom or where they are about.
CREATE TABLE throttles (
    subject  BLOB   NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    since    BIGINT NOT NULL,
    last_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX throttles_last ON throttles (last_at);

-- Companies: what they set, what they may, whether they are suspended.

ALTER TABLE companies ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE companies ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE companies ADD COLUMN suspended_at BIGINT;
ALTER TABLE audit_log ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- Event types of a company's own.
CREATE TABLE event_types (
    company_id  BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    sample      TEXT   NOT NULL,                 -- JSON
    json_schema TEXT,                            -- JSON
    validation  TEXT   NOT NULL DEFAULT 'off',   -- off, warn, refuse
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    archived_at BIGINT,
    PRIMARY KEY (company_id, name)
) WITHOUT ROWID;

-- Long work that a person asked for, claimed by a node as deliveries are.
CREATE TABLE jobs (
    id          INTEGER NOT NULL PRIMARY KEY,
    company_id  BIGINT NOT NULL,
    kind        TEXT   NOT NULL,                 -- replay, recover, retry, cancel
    request     TEXT   NOT NULL,                 -- JSON: the filter
    state       TEXT   NOT NULL,                 -- running, finished, canceled, failed
    total       BIGINT NOT NULL,                 -- counted beforehand
    total_open  BIGINT NOT NULL DEFAULT 0,       -- 1: counting stopped there, it may be more
    done        BIGINT NOT NULL DEFAULT 0,
    skipped     BIGINT NOT NULL DEFAULT 0,
    position    BIGINT NOT NULL,                 -- ids up to it are done
    claimed_by  BIGINT NOT NULL DEFAULT 0,       -- a node's incarnation, 0 is nobody
    taken_at    BIGINT NOT NULL DEFAULT 0,       -- when a node last took it: jobs take turns
    created_by  TEXT   NOT NULL,
    last_error  TEXT,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX jobs_company ON jobs (company_id, id);
CREATE INDEX jobs_running ON jobs (company_id, id) WHERE state = 'running';

-- Deliveries made after their event, by replays and recoveries: their ids are not beside its own.
CREATE TABLE later_deliveries (
    company_id  BIGINT NOT NULL,
    event_id    BIGINT NOT NULL,
    id          BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL,
    PRIMARY KEY (company_id, event_id, id)
) WITHOUT ROWID;

-- How attempts went, by minute and by hour: written with their settlement.
CREATE TABLE stats (
    company_id  BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL,                 -- 0 is all of the company's
    grain       BIGINT NOT NULL,                 -- seconds: 60, and 3600 folded from them
    began_at    BIGINT NOT NULL,
    code        BIGINT NOT NULL,                 -- the status, or the error kind below zero
    success     BIGINT NOT NULL,
    slot        BIGINT NOT NULL,                 -- of the node that counted: none waits for another
    attempts    BIGINT NOT NULL,
    -- How many took how long: domain::stats::BUCKET_EDGES_MS.
    l0          BIGINT NOT NULL,
    l1          BIGINT NOT NULL,
    l2          BIGINT NOT NULL,
    l3          BIGINT NOT NULL,
    l4          BIGINT NOT NULL,
    l5          BIGINT NOT NULL,
    l6          BIGINT NOT NULL,
    l7          BIGINT NOT NULL,
    l8          BIGINT NOT NULL,
    l9          BIGINT NOT NULL,
    l10         BIGINT NOT NULL,
    l11         BIGINT NOT NULL,
    PRIMARY KEY (company_id, endpoint_id, grain, began_at, code, success, slot)
) WITHOUT ROWID;
CREATE INDEX stats_age ON stats (grain, began_at);

-- Built-in receivers to try things with.
CREATE TABLE inboxes (
    id              INTEGER NOT NULL PRIMARY KEY,
    company_id      BIGINT NOT NULL,
    path_key        TEXT   NOT NULL UNIQUE,      -- what stands in its URL
    answer_status   BIGINT NOT NULL DEFAULT 200,
    answer_delay_ms BIGINT NOT NULL DEFAULT 0,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX inboxes_company ON inboxes (company_id, id);
CREATE INDEX inboxes_expiry ON inboxes (expires_at);

CREATE TABLE inbox_requests (
    id          INTEGER NOT NULL PRIMARY KEY,
    inbox_id    BIGINT NOT NULL,
    company_id  BIGINT NOT NULL,
    method      TEXT   NOT NULL,
    path        TEXT   NOT NULL,
    headers     BLOB   NOT NULL,
    body        BLOB   NOT NULL,
    truncated   BIGINT NOT NULL DEFAULT 0,
    signature   TEXT   NOT NULL,                 -- verified, wrong, missing, unknown
    received_at BIGINT NOT NULL
);
CREATE INDEX inbox_requests_inbox ON inbox_requests (inbox_id, id);
